"""The queue of the desk: what waits, in which order, with which signals, and who sees what of it."""

from __future__ import annotations

import inspect
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters import amending, endorsing
from letters.admin import bulk
from letters.admin.endorsements import EndorsementAdmin
from letters.admin.signals import CAME_WITH_IT
from letters.forms import SignForm
from letters.models import Endorsement, Letter, LetterRole, Text
from signatories import vetting
from tests.factories import NOON, UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.letters.admin.steps import QUEUE, as_, names, page_of, step, tick
from tests.reading import text_of

pytestmark = pytest.mark.django_db


def test_the_queue_shows_what_waits_by_deadline_then_oldest(desk, letter, chiara):
    now = timezone.now()
    sooner = a_letter(closes_at=now + timedelta(days=2), at=now - timedelta(days=1))
    LetterRole.objects.create(user=chiara, letter=sooner, role="moderator")
    for name, of, hours in (("Newer", letter, 1), ("Older", letter, 3), ("Urgent", sooner, 0)):
        an_endorsement(of, an_organisation(name), state="confirmed", at=now + timedelta(hours=4 - hours))
    an_endorsement(letter, state="approved")
    with time_machine.travel(now + timedelta(hours=5), tick=False):
        assert names(desk.get(QUEUE)) == ["Urgent", "Older", "Newer"]


@pytest.mark.parametrize(
    ("queue", "state"),
    [
        ("waiting", "confirmed"),
        ("questions", "asked"),
        ("held", "held"),
        ("unconfirmed", "submitted"),
        ("approved", "approved"),
        ("rejected", "rejected"),
    ],
)
def test_each_queue_shows_its_own(desk, letter, queue, state):
    for other in ("confirmed", "asked", "held", "submitted", "approved", "rejected", "withdrawn"):
        an_endorsement(letter, an_organisation(f"Union {other}"), state=other)
    response = desk.get(QUEUE, {"queue": queue})
    assert names(response) == [f"Union {state}"]
    assert {tab["number"] for tab in response.context["cl"].tabs} == {1, 7}
    assert len(names(desk.get(QUEUE, {"queue": "all"}))) == 7


def test_a_row_says_what_a_moderator_must_know(desk, letter):
    organisation = an_organisation("Mawingu Forum", verified=False, country="KE")
    endorsement = an_endorsement(
        letter,
        organisation,
        state="confirmed",
        representative_name="Wanjiru Otieno",
        representative_role="Director",
        representative_email="wanjiru@gmail.com",
        signals=tuple(CAME_WITH_IT),
    )
    shown = text_of(desk.get(QUEUE))
    for words in ("Mawingu Forum new", "Kenya", "Keep river data public", "Wanjiru Otieno Director · @gmail.com"):
        assert words in shown
    assert "confirmed from an address at gmail.com" in shown
    assert "~ address at a free mail provider" in shown
    assert "? new on the register: nobody has checked it yet" in shown
    for words in CAME_WITH_IT.values():
        assert str(words) in shown
    assert "wanjiru@" not in shown, "the whole address stands on the page of the endorsement only"
    assert "wanjiru@gmail.com" in text_of(desk.get(page_of(endorsement)))


def test_a_row_says_that_another_of_the_organisation_is_approved(desk, letter):
    organisation = an_organisation()
    an_endorsement(letter, organisation, state="approved")
    an_endorsement(letter, organisation, state="confirmed")
    an_endorsement(a_letter(), an_organisation("Elsewhere"), state="approved")
    assert text_of(desk.get(QUEUE)).count("already approved") == 1
    assert "already approved" not in text_of(desk.get(QUEUE, {"queue": "approved"}))


def test_a_row_says_that_the_name_of_a_new_organisation_stands_on_the_register(desk, letter):
    an_organisation("Mawingu Forum", country="KE")
    an_organisation("Wells Forum", verified=False, country="")
    suspended = an_organisation("Zisterne e.V.", country="DE")
    vetting.suspend(suspended, by=None, note="Not theirs.")
    for name in ("MAWINGU  forum", "Wells Forum", "Zisterne", "Springs Forum"):
        an_endorsement(letter, an_organisation(name, verified=False, country="UG"), state="confirmed")
    an_endorsement(letter, an_organisation("Mawingu Forum", country="TZ"), state="confirmed")
    said = "same name on the register: "
    rows = {
        str(row.endorsement): [words for words in map(str, row.signals) if words.startswith(said)]
        for row in desk.get(QUEUE).context["cl"].rows
    }
    assert rows["Wells Forum"] == [f"{said}Wells Forum, provisional"]
    assert rows["Zisterne"] == [f"{said}Zisterne e.V., Germany, suspended"]
    assert rows["MAWINGU  forum"] == [
        f"{said}Mawingu Forum, Kenya, verified",
        f"{said}Mawingu Forum, Tanzania, verified",
    ]
    assert rows["Springs Forum"] == rows["Mawingu Forum"] == []
    first = letter.endorsements.earliest("pk")
    assert f"{said}Mawingu Forum, Kenya" in text_of(tick(desk, "approve", first))
    assert f"S{said[1:]}Mawingu Forum, Kenya" in text_of(desk.get(page_of(first)))


def _amended(letter: Letter, *, until: datetime, title: str = "Keep all river data public") -> None:
    """A change of substance, to which those who have signed can agree until then."""
    amending.prepare(letter, by=None)
    Text.objects.filter(version=letter.draft).update(title=title)
    amending.amend(letter, by=None, change="material", note="All data is meant.", reconsent_until=until)


def test_a_row_says_that_it_waits_for_consent_to_the_changed_text_and_until_when(desk, chiara):
    with time_machine.travel(NOON, tick=False):
        letter = a_letter(time_zone="Pacific/Auckland")
        LetterRole.objects.create(user=chiara, letter=letter, role="moderator")
        desk.force_login(chiara)
        endorsement = an_endorsement(letter)
        an_endorsement(letter, state="confirmed")
        an_endorsement(letter, state="withdrawn")
        _amended(letter, until=NOON + timedelta(days=7))
        an_endorsement(letter, state="confirmed")
        said = "not counted: has to agree to version 2 by 2 December 2026"  # there, it is the next day already
        assert text_of(desk.get(QUEUE, {"queue": "approved"})).count(said) == 1
        assert text_of(desk.get(QUEUE, {"queue": "all"})).count(said) == 2
        assert f"N{said[1:]}" in text_of(desk.get(page_of(endorsement)))
    with time_machine.travel(NOON + timedelta(days=7), tick=False):
        desk.force_login(chiara)
        page = text_of(desk.get(QUEUE, {"queue": "approved"}))
        assert "lapsed: nobody agreed to the changed text in time" in page
        assert "has to agree" not in page


def test_a_row_says_that_approving_it_ends_the_older_one_that_is_due(desk, letter):
    organisation = an_organisation()
    an_endorsement(letter, organisation)
    _amended(letter, until=timezone.now() + timedelta(days=7))
    new = an_endorsement(letter, organisation, state="confirmed")
    page = text_of(desk.get(QUEUE))
    assert "signed anew: the organisation’s endorsement of the text before ends when this one is approved" in page
    assert "already approved" not in page
    desk.post(f"/admin/letters/endorsement/{new.pk}/step/approve/", {"was": "confirmed"})
    page = text_of(desk.get(QUEUE, {"queue": "approved"}))
    assert organisation.name in page
    assert "signed anew" not in page


def test_a_row_says_that_it_was_held_out_of_a_flood(desk, letter):
    endorsing.hold(an_endorsement(letter, state="submitted"), by=None, code="flood")
    an_endorsement(letter, state="held")
    assert text_of(desk.get(QUEUE, {"queue": "held"})).count(str(CAME_WITH_IT["flood"])) == 1


def test_signals_of_the_form_have_words():
    """Every code that SignForm.signals gives is known here."""
    codes = re.findall(r'append\("(\w+)"\)', inspect.getsource(SignForm))
    assert codes
    assert set(codes) <= set(CAME_WITH_IT)


def test_filters_by_letter_and_visibility(desk, letter, chiara):
    other = a_letter()
    LetterRole.objects.create(user=chiara, letter=other, role="moderator")
    an_endorsement(letter, an_organisation("Here"), state="confirmed", visibility="counted")
    an_endorsement(other, an_organisation("There"), state="confirmed")
    foreign = a_letter()
    assert names(desk.get(QUEUE, {"letter": letter.pk})) == ["Here"]
    assert names(desk.get(QUEUE, {"letter": other.pk, "visibility": "counted"})) == []
    assert names(desk.get(QUEUE, {"visibility": "named"})) == ["There"]
    assert names(desk.get(QUEUE, {"letter": foreign.pk, "visibility": "loud", "queue": "none"})) != []
    assert desk.get(QUEUE, {"letter": other.pk}).context["cl"].tabs[0]["number"] == 1


def test_ticking_all_needs_no_script(desk, letter):
    an_endorsement(letter, state="confirmed")
    assert " checked" not in desk.get(QUEUE).content.decode()
    ticked = desk.get(QUEUE, {"ticked": "1", "letter": letter.pk})
    assert ticked.content.decode().count(" checked") == 1
    assert len(names(ticked)) == 1


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mawingu", ["Mawingu Forum"]),
        ("WATER TRUST", ["Amani Water Trust"]),
        ("MWF", ["Mawingu Forum"]),
        ("mawingu.example.org", ["Mawingu Forum"]),
        ("wells.org", ["Amani Water Trust"]),
        ("@wells.org", ["Amani Water Trust"]),
        ("Bruno+river@Wells.org", ["Amani Water Trust"]),
        ("other@wells.org", []),
        ("bruno", []),
        ("Otieno", []),
        ("bruno@", []),
        ("  ", ["Mawingu Forum", "Amani Water Trust"]),
    ],
)
def test_search_by_organisation_domain_and_whole_address_never_by_a_person(desk, letter, typed, found):
    mawingu = an_organisation("Mawingu Forum", website="https://mawingu.example.org", acronym="MWF")
    an_endorsement(
        letter, mawingu, state="confirmed", representative_name="Ada O.", representative_email="ada@else.com"
    )
    amani = an_organisation("Amani Water Trust")
    an_endorsement(
        letter, amani, state="confirmed", representative_name="Bruno Otieno", representative_email="bruno@wells.org"
    )
    if typed == "mawingu.example.org":
        typed = "example.org"
    assert names(desk.get(QUEUE, {"q": typed})) == found


@pytest.mark.slow
def test_the_number_of_queries_does_not_grow(desk, letter, chiara):
    def number_of_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get(QUEUE, {"queue": "all"}).status_code == 200
        return len(queries)

    for _ in range(10):
        an_endorsement(letter, state="confirmed")
    other = a_letter()
    LetterRole.objects.create(user=chiara, letter=other, role="moderator")
    an_endorsement(other)
    _amended(other, until=timezone.now() + timedelta(days=7))
    few = number_of_queries()
    for _ in range(45):
        an_endorsement(letter, state="confirmed")
        an_endorsement(other, state="approved")
    _amended(other, until=timezone.now() + timedelta(days=7), title="Keep every river public")
    assert len(names(desk.get(QUEUE, {"queue": "all"}))) == 100
    assert number_of_queries() == few
    assert few <= 17


# Who sees what


def test_the_observer_sees_and_changes_nothing(letter):
    endorsement = an_endorsement(
        letter,
        an_organisation("Mawingu"),
        state="confirmed",
        representative_name="Wanjiru",
        representative_email="w@gmail.com",
    )
    endorsing.ask(endorsement, by=None, note="Which Wanjiru decided?")
    endorsing.answer(endorsement, note="Wanjiru did.")
    observer = as_(a_moderator(letter, "observer"))
    queue = text_of(observer.get(QUEUE))
    assert "Mawingu" in queue
    for private in ("Wanjiru", "gmail", "free mail"):
        assert private not in queue
        assert private not in text_of(observer.get(page_of(endorsement)))
    assert "Approve…" not in queue
    assert names(observer.get(QUEUE, {"q": "w@gmail.com"})) == [], "finding by the address would say whose it is"
    assert names(observer.get(QUEUE, {"q": "gmail.com"})) == []
    for verb in EndorsementAdmin.verbs:
        assert step(observer, endorsement, verb, note="x", code="duplicate", visibility="counted").status_code == 403
    for verb in bulk.VERBS:
        assert tick(observer, verb, endorsement).status_code == 403
        row = f"{endorsement.pk}:confirmed"
        assert observer.post(f"{QUEUE}bulk/{verb}/", {"row": row, "note": "x", "code": "duplicate"}).status_code == 403
    assert observer.get(f"{QUEUE}record/{letter.pk}/").status_code == 404
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"


def test_the_convener_sees_without_contacts_and_decides_nothing(letter):
    endorsement = an_endorsement(letter, state="confirmed", representative_name="Wanjiru")
    convener = as_(a_moderator(letter, "convener"))
    assert "Wanjiru" not in text_of(convener.get(page_of(endorsement)))
    assert step(convener, endorsement, "approve").status_code == 403


def test_to_the_moderator_of_another_letter_it_does_not_exist(letter):
    endorsement = an_endorsement(letter, an_organisation("Mawingu"), state="confirmed")
    stranger = as_(a_moderator(a_letter(title="Another letter")))
    assert names(stranger.get(QUEUE, {"queue": "all"})) == []
    assert names(stranger.get(QUEUE, {"q": "Mawingu", "letter": letter.pk})) == []
    for address in ("change/", "history/", "delete/", "step/approve/", "step/reject/"):
        assert stranger.get(f"{QUEUE}{endorsement.pk}/{address}").status_code in (403, 404)
    assert step(stranger, endorsement, "approve").status_code == 404
    assert tick(stranger, "approve", endorsement).status_code == 403
    assert stranger.post(f"{QUEUE}bulk/approve/", {"row": f"{endorsement.pk}:confirmed"}).status_code == 403
    assert stranger.get(f"/admin/letters/letter/{letter.pk}/change/").status_code == 404
    assert stranger.get(f"/admin/letters/letter/{letter.pk}/step/close/").status_code == 404
    assert letter.title not in text_of(stranger.get("/admin/letters/letter/"))
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"


def test_nothing_is_added_changed_or_deleted_by_hand(letter):
    endorsement = an_endorsement(letter, state="confirmed")
    administrator = as_(UserFactory(administrator=True))
    for noun, pk in (("endorsement", endorsement.pk), ("letter", letter.pk)):
        assert administrator.get(f"/admin/letters/{noun}/add/").status_code == 403
        assert administrator.post(f"/admin/letters/{noun}/{pk}/change/", {"status": "approved"}).status_code == 403
        assert administrator.post(f"/admin/letters/{noun}/{pk}/delete/", {"post": "yes"}).status_code == 403
    assert administrator.get(f"{QUEUE}abc/change/").status_code == 404
    assert administrator.get(f"{QUEUE}{endorsement.pk}/step/withdraw/").status_code == 404
    assert Endorsement.objects.get(pk=endorsement.pk).status == "confirmed"


def test_a_get_changes_nothing(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    before = endorsement.events.count()
    for verb in EndorsementAdmin.verbs:
        expected = 302 if verb in ("release", "undo") else 200
        assert desk.get(f"{QUEUE}{endorsement.pk}/step/{verb}/").status_code == expected
    assert desk.get(f"{QUEUE}bulk/approve/").status_code == 405
    assert endorsement.events.count() == before
