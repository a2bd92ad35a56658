"""The desk, through HTTP: what waits, who may see and decide it, what the database keeps, and who is told."""

from __future__ import annotations

import inspect
import io
import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from letters import amending, counting, endorsing, lifecycle
from letters.admin import bulk
from letters.admin.endorsements import EndorsementAdmin
from letters.admin.letters import LetterAdmin, titles
from letters.admin.signals import CAME_WITH_IT
from letters.forms import SignForm
from letters.models import Endorsement, Letter, LetterRole, Text
from signatories import logos, vetting
from signatories.models import Organisation
from tests.factories import NOON, UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.letters.test_races import at_once
from tests.reading import text_of, words_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/letters/endorsement/"


@pytest.fixture
def letter() -> Letter:
    return a_letter(title="Keep river data public")


@pytest.fixture
def chiara(letter):
    return a_moderator(letter, name="Chiara")


@pytest.fixture
def desk(client, chiara) -> Client:
    """Chiara at the desk."""
    client.force_login(chiara)
    return client


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(endorsement) -> str:
    return f"{QUEUE}{endorsement.pk}/change/"


def step(client, endorsement, verb, was=None, **said):
    """Presses a button on the page of an endorsement, as it stood there."""
    was = was or Endorsement.objects.get(pk=endorsement.pk).status
    return client.post(f"{QUEUE}{endorsement.pk}/step/{verb}/", {"was": was, **said})


def tick(client, verb, *endorsements, query=""):
    return client.post(f"{QUEUE}{query}", {"action": verb, "_selected_action": [e.pk for e in endorsements]})


def confirm(client, verb, page, **said):
    """Presses the button of the page in between, with the rows that it lists."""
    rows = re.findall(r'name="row" value="([^"]+)"', page.content.decode())
    return client.post(f"{QUEUE}bulk/{verb}/", {"row": rows, **said})


def said(response) -> str:
    return " | ".join(str(message) for message in get_messages(response.wsgi_request))


def names(response) -> list[str]:
    return [row.endorsement.printed_name for row in response.context["cl"].rows]


# The queue


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
    assert "a mailbox answered" in shown
    assert "address at a free mail provider" in shown
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
    rows = {str(row.endorsement): row.signals for row in desk.get(QUEUE).context["cl"].rows}
    said = "same name on the register: "
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
    assert few <= 16


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


# One decision


def test_approve_is_one_press_and_goes_on_to_the_next(desk, letter, chiara, run_jobs, outbox):
    now = timezone.now()
    first, second, third = (an_endorsement(letter, state="confirmed", at=now + timedelta(seconds=n)) for n in range(3))
    with time_machine.travel(now + timedelta(minutes=1), tick=False):
        response = step(desk, second, "approve")
        assert response["Location"] == page_of(third)
        assert step(desk, third, "approve")["Location"] == page_of(first), "round to what was left behind"
        assert step(desk, first, "approve")["Location"] == QUEUE
    second.refresh_from_db()
    event = second.events.last()
    assert (second.status, event.verb, event.by) == ("approved", "approve", chiara)
    assert counting.count(letter, timezone.now()).organisations == 3
    assert run_jobs()
    assert [message["Subject"] for message in outbox()].count("Published: Keep river data public") == 3


def test_ask_mails_the_question_in_its_words(desk, letter, chiara, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed", representative_email="bruno@wells.org")
    run_jobs()
    before = len(outbox())
    assert "Write the question" in text_of(step(desk, endorsement, "ask", note="  "))
    assert step(desk, endorsement, "ask", note="Who decided this?").status_code == 302
    endorsement.refresh_from_db()
    assert endorsement.status == "asked"
    assert endorsement.events.last().note.text == "Who decided this?"
    run_jobs()
    message = outbox()[before]
    assert message["To"] == "bruno@wells.org"
    assert "Who decided this?" in words_of(message)
    assert "Chiara" not in str(message)
    endorsing.answer(endorsement, note="The board.")
    page = text_of(desk.get(page_of(endorsement)))
    assert "Question asked by Chiara" in page
    assert "The board." in page


def test_hold_and_release_tell_nobody(desk, letter, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    step(desk, endorsement, "hold", note="Looks odd.")
    endorsement.refresh_from_db()
    assert endorsement.status == "held"
    assert "Looks odd." in text_of(desk.get(page_of(endorsement)))
    assert step(desk, endorsement, "release")["Location"] == page_of(endorsement)
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"
    run_jobs()
    assert len(outbox()) == before


@pytest.mark.parametrize(
    ("code", "mailed"),
    [
        ("cannot_verify", "We could not verify the organisation"),
        ("duplicate", ""),
        ("impostor", None),
        ("advertising", None),
    ],
)
def test_reject_with_a_reason_that_is_told_unsaid_or_not_mailed(desk, letter, run_jobs, outbox, code, mailed):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    assert step(desk, endorsement, "reject", code=code, note="They wrote twice.").status_code == 302
    endorsement.refresh_from_db()
    event = endorsement.events.last()
    assert (endorsement.status, event.verb, event.code, event.note.text) == (
        *("rejected", "reject", code, "They wrote twice."),
    )
    run_jobs()
    messages = outbox()[before:]
    assert len(messages) == (0 if mailed is None else 1)
    for message in messages:
        assert mailed in words_of(message)
        assert "already signed" not in words_of(message)
        assert "They wrote twice." not in str(message)


def test_the_page_of_reject_says_what_of_each_reason_is_told(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = text_of(desk.get(f"{QUEUE}{endorsement.pk}/step/reject/"))
    assert "We could not verify the organisation or the address. (mailed in these words)" in page
    assert "The organisation has already signed this letter. (mailed without this reason)" in page
    assert page.count("(no mail)") == len(Endorsement.UNTOLD)
    for code in ("", "because"):
        answer = step(desk, endorsement, "reject", code=code)
        assert answer.status_code == 422
    assert Endorsement.objects.get(pk=endorsement.pk).status == "confirmed"


def test_undo_within_ten_minutes_mails_nothing(desk, letter, run_jobs, outbox):
    endorsement = an_endorsement(letter, state="confirmed")
    run_jobs()
    before = len(outbox())
    step(desk, endorsement, "approve")
    undo = f"{QUEUE}{endorsement.pk}/step/undo/"
    assert undo in desk.get(page_of(endorsement)).content.decode()
    assert step(desk, endorsement, "undo")["Location"] == page_of(endorsement)
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"
    run_jobs()
    assert len(outbox()) == before
    step(desk, endorsement, "approve")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert undo not in desk.get(page_of(endorsement)).content.decode()
        refused = step(desk, endorsement, "undo")
        assert "too late" in said(refused)
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"


def test_staff_lower_and_never_raise(desk, letter):
    endorsement = an_endorsement(letter, visibility="country")
    page = text_of(desk.get(f"{QUEUE}{endorsement.pk}/step/lower/"))
    assert "With its name and country" not in page
    assert step(desk, endorsement, "lower", visibility="named").status_code == 422
    assert step(desk, endorsement, "lower", visibility="counted").status_code == 302
    endorsement.refresh_from_db()
    assert endorsement.visibility == "counted"


def test_remove_for_safety_leaves_no_name(desk, letter):
    endorsement = an_endorsement(letter, an_organisation("Mawingu"), representative_name="Wanjiru")
    page = desk.get(f"{QUEUE}{endorsement.pk}/step/remove_for_safety/")
    assert "deleted for good" in text_of(page)
    assert step(desk, endorsement, "remove_for_safety").status_code == 302
    shown = text_of(desk.get(page_of(endorsement)))
    assert "removed" in shown
    assert "Mawingu" not in shown
    assert "Wanjiru" not in shown
    assert "Mawingu" not in letter.title + text_of(desk.get(QUEUE, {"queue": "all"}))


def test_two_moderators_and_the_later_one_is_told(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    daria = as_(a_moderator(letter, name="Daria"))
    step(desk, endorsement, "approve", was="confirmed")
    late = step(daria, endorsement, "reject", was="confirmed", code="cannot_verify")
    assert late["Location"] == page_of(endorsement)
    assert "Somebody changed this meanwhile: now it is “approved”." in said(late)
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"
    assert [event.verb for event in endorsement.events.all()].count("approve") == 1


def test_what_a_verb_refuses_is_said_on_the_page(desk, letter):
    organisation = an_organisation()
    an_endorsement(letter, organisation, state="approved")
    twin = an_endorsement(letter, organisation, state="confirmed")
    answer = desk.post(f"{QUEUE}{twin.pk}/step/approve/", {"was": "confirmed"}, follow=True)
    assert answer.status_code == 200
    assert "already approved" in text_of(answer)
    suspended = an_organisation("Suspended")
    waiting = an_endorsement(letter, suspended, state="confirmed")
    vetting.suspend(suspended, by=None, note="Why")
    assert "suspended or merged" in said(step(desk, waiting, "approve"))
    assert not letter.endorsements.filter(pk__in=[twin.pk, waiting.pk]).exclude(status="confirmed").exists()


def test_the_buttons_are_the_steps_possible_now(desk, letter, chiara):
    def buttons(endorsement) -> list[str]:
        return [str(button["label"]) for button in desk.get(page_of(endorsement)).context["buttons"]]

    yesterday = timezone.now() - timedelta(days=1)
    letter = a_letter(at=yesterday)
    LetterRole.objects.create(user=chiara, letter=letter, role="moderator")
    always = ["Show less of it", "Remove for safety"]
    assert buttons(an_endorsement(letter, state="confirmed", at=yesterday)) == [
        "Approve",
        "Ask",
        "Hold",
        "Reject",
        *always,
    ]
    assert buttons(an_endorsement(letter, state="submitted", at=yesterday)) == ["Hold", *always]
    assert buttons(an_endorsement(letter, state="held", at=yesterday)) == ["Release", "Reject", *always]
    assert buttons(an_endorsement(letter, state="approved", at=yesterday)) == ["Reject", *always]
    assert buttons(an_endorsement(letter, state="rejected", at=yesterday)) == ["Remove for safety"]
    unreachable = endorsing.record(letter, an_organisation(), by=None, evidence="checked", at=yesterday)
    assert buttons(unreachable) == ["Approve", "Hold", "Reject", *always]
    confidential = an_endorsement(letter, state="approved", visibility="confidential", at=yesterday)
    assert buttons(confidential) == ["Reject", "Remove for safety"]


def test_the_page_shows_look_alikes_and_other_sign_ons(desk, letter):
    amani = an_organisation("Amani Water Trust")
    an_organisation("Amani Water Trusts", verified=False)
    an_organisation("Union of Typists")
    an_endorsement(letter, amani, state="rejected")
    endorsement = an_endorsement(letter, amani, state="confirmed")
    context = desk.get(page_of(endorsement)).context
    assert [organisation.name for organisation in context["alike"]] == ["Amani Water Trusts"]
    assert [twin.status for twin in context["twins"]] == ["rejected"]


def test_the_logo_can_be_looked_at_before_it_is_published(desk, letter):
    picture = io.BytesIO()
    Image.new("RGB", (40, 40), "teal").save(picture, "PNG")
    drawn = logos.redraw(SimpleUploadedFile("logo.png", picture.getvalue(), content_type="image/png"))
    endorsement = an_endorsement(letter, state="confirmed", logo=drawn.file())
    address = f"{QUEUE}{endorsement.pk}/logo.png"
    assert address in desk.get(page_of(endorsement)).content.decode()
    shown = desk.get(address)
    assert shown["Content-Type"] == "image/png"
    assert "no-store" in shown["Cache-Control"]
    assert "public" not in shown["Cache-Control"]
    assert b"".join(shown.streaming_content) == drawn.data
    assert as_(a_moderator(a_letter())).get(address).status_code == 404
    assert desk.get(f"{QUEUE}{an_endorsement(letter, state='confirmed').pk}/logo.png").status_code == 404


def test_every_step_has_a_button_or_belongs_to_somebody_else():
    for desk_of, others in (
        (
            EndorsementAdmin,
            {
                "submit",
                "resend",
                "record",
                "confirm",
                "confirm_held",
                "expire",
                "answer",
                "answer_held",
                "withdraw",
                "reconsent",
                "lapse",
                "subscribe",
                "unsubscribe",
                "fold",
                "unfold",
                "move",
            },
        ),
        (
            LetterAdmin,
            {
                "record",
                "draft",
                "invite",
                "revoke",
                "respond",
                "correct_response",
                "post_update",
                "correct_update",
                "remove_response",
                "remove_update",
            },
        ),
    ):
        assert set(desk_of.verbs) | others == set(desk_of.flow.steps)
        assert set(desk_of.told) == set(desk_of.flow.steps)


# Several at once


def test_the_page_in_between_lists_exactly_who_and_changes_nothing(desk, letter):
    two = [an_endorsement(letter, an_organisation(name), state="confirmed") for name in ("Amani", "Mawingu")]
    unreachable = endorsing.record(letter, an_organisation("On Paper"), by=None, evidence="checked")
    done = an_endorsement(letter, an_organisation("Done Before"), state="approved")
    an_endorsement(letter, an_organisation("Not Ticked"), state="confirmed")
    page = text_of(tick(desk, "approve", *two, unreachable, done, query="?queue=all"))
    for words in ("Approve: 3 endorsements", "2 mails leave", "Amani", "Mawingu", "On Paper", "nobody to write to"):
        assert words in page
    assert "Done Before , Kenya" in page
    assert "Can’t be done, it is “approved”." in page
    assert "Not Ticked" not in page
    assert "No mail leaves." in text_of(tick(desk, "hold", *two))
    assert letter.endorsements.approved().count() == 1


def test_bulk_takes_each_and_refuses_what_changed_meanwhile(desk, letter, chiara, run_jobs, outbox):
    organisation = an_organisation("Twin")
    an_endorsement(letter, organisation, state="approved")
    rows = [an_endorsement(letter, an_organisation(f"Union {n}"), state="confirmed") for n in range(4)]
    rows.append(an_endorsement(letter, organisation, state="confirmed"))
    run_jobs()
    before = len(outbox())
    page = tick(desk, "approve", *rows)
    endorsing.withdraw(rows[1])
    response = confirm(desk, "approve", page)
    assert response.status_code == 302
    assert said(response) == (
        "3 approved, 2 refused: Union 1: Somebody changed this meanwhile: now it is “withdrawn”.; "
        "Twin: This organisation’s endorsement is already approved."
    )
    statuses = dict(letter.endorsements.values_list("printed_name", "status"))
    assert [statuses[f"Union {n}"] for n in range(4)] == ["approved", "withdrawn", "approved", "approved"]
    for endorsement in (rows[0], rows[2], rows[3]):
        assert [(e.verb, e.by) for e in endorsement.events.all()][-1] == ("approve", chiara)
    run_jobs()
    subjects = [message["Subject"] for message in outbox()[before:]]
    assert subjects.count("Published: Keep river data public") == 3


def test_bulk_asks_holds_and_rejects_with_its_words(desk, letter):
    for verb, words, status in (
        ("ask", {"note": "Who decided?"}, "asked"),
        ("hold", {"note": "Wait."}, "held"),
        ("reject", {"code": "advertising", "note": ""}, "rejected"),
    ):
        rows = [an_endorsement(letter, state="confirmed") for _ in range(2)]
        page = tick(desk, verb, *rows)
        if verb != "hold":
            assert confirm(desk, verb, page).status_code == 422
        response = confirm(desk, verb, page, **words)
        assert said(response).endswith(f"2 {EndorsementAdmin.verbs[verb].done}")
        for endorsement in rows:
            endorsement.refresh_from_db()
            assert endorsement.status == status
            event = endorsement.events.last()
            assert (getattr(getattr(event, "note", None), "text", ""), event.code) == (
                words["note"],
                words.get("code", ""),
            )


def test_bulk_keeps_the_list_as_it_was(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = tick(desk, "approve", endorsement, query=f"?queue=waiting&letter={letter.pk}")
    action = re.search(r'<form class="bulk" method="post" action="([^"]+)"', page.content.decode())
    assert action
    answer = desk.post(action[1].replace("&amp;", "&"), {"row": f"{endorsement.pk}:confirmed"})
    assert answer["Location"] == f"{QUEUE}?queue=waiting&letter={letter.pk}"


def test_a_failed_question_lists_the_rows_as_they_were_shown(desk, letter):
    endorsement = an_endorsement(letter, state="confirmed")
    page = tick(desk, "reject", endorsement)
    endorsing.hold(endorsement, by=None)
    again = confirm(desk, "reject", page)
    assert again.status_code == 422
    assert "Somebody changed this meanwhile" in said(confirm(desk, "reject", again, code="duplicate"))


def test_bulk_leaves_out_letters_that_one_only_observes(desk, letter, chiara):
    other = a_letter()
    LetterRole.objects.create(user=chiara, letter=other, role="observer")
    mine, foreign = (
        an_endorsement(letter, state="confirmed"),
        an_endorsement(other, an_organisation("Foreign"), state="confirmed"),
    )
    page = tick(desk, "approve", mine, foreign)
    assert "Foreign" not in text_of(page)
    desk.post(f"{QUEUE}bulk/approve/", {"row": [f"{e.pk}:confirmed" for e in (mine, foreign)]})
    assert set(Endorsement.objects.filter(status="approved")) == {mine}


def test_nothing_ticked_says_so(desk, letter):
    an_endorsement(letter, state="confirmed")
    answer = desk.post(f"{QUEUE}?queue=all", {"action": "approve"}, follow=True)
    assert answer.redirect_chain == [(f"{QUEUE}?queue=all", 302)]
    assert "Nothing was done. Tick those that you mean first." in text_of(answer)


@pytest.mark.parametrize("row", ["x:confirmed", ":", "1²:confirmed", "9" * 40 + ":confirmed"])
def test_rows_that_no_page_listed_are_a_bad_request(desk, letter, row):
    assert desk.post(f"{QUEUE}bulk/approve/", {"row": row}).status_code == 400
    with pytest.raises(BadRequest):
        bulk._listed([row])
    assert desk.post(f"{QUEUE}bulk/withdraw/", {"row": "1:confirmed"}).status_code == 404


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_moderators_at_once_decide_each_once():
    letter = a_letter()
    desks = [as_(a_moderator(letter)) for _ in range(2)]
    rows = [an_endorsement(letter, state="confirmed") for _ in range(5)]
    pages = [tick(desk, verb, *rows) for desk, verb in zip(desks, ("approve", "reject"), strict=True)]
    at_once(
        lambda: confirm(desks[0], "approve", pages[0]),
        lambda: confirm(desks[1], "reject", pages[1], code="cannot_verify"),
    )
    for endorsement in rows:
        endorsement.refresh_from_db()
        decisions = endorsement.events.filter(verb__in=["approve", "reject"])
        assert [event.to_status for event in decisions] == [endorsement.status]


# Sign-ons that came by mail or on paper

RECORD = {
    "organisation_name": "New Wells Committee",
    "organisation": "new",
    "country": "KE",
    "website": "wells.example.org",
    "representative_name": "Bruno Otieno",
    "representative_role": "Director",
    "representative_email": "bruno@wells.org",
    "visibility": "country",
    "evidence": "checked",
    "note": "Letter of 3 May to the secretariat.",
}


def test_record_a_new_organisation_and_mail_its_representative(desk, letter, chiara, run_jobs, outbox):
    assert desk.get(f"{QUEUE}record/")["Location"] == f"{QUEUE}record/{letter.pk}/"
    response = desk.post(f"{QUEUE}record/{letter.pk}/", RECORD)
    endorsement = letter.endorsements.get()
    assert response["Location"] == page_of(endorsement)
    assert (endorsement.status, endorsement.visibility, endorsement.evidence) == ("confirmed", "country", "checked")
    assert endorsement.organisation.name == endorsement.printed_name == "New Wells Committee"
    assert endorsement.organisation.standing == "provisional"
    event = endorsement.events.get()
    assert (event.verb, event.by, event.note.text) == ("record", chiara, RECORD["note"])
    assert endorsement.organisation.events.get().by == chiara
    assert run_jobs() == 1
    (message,) = outbox()
    assert message["To"] == "bruno@wells.org"
    assert message["Subject"].startswith("Your signature is recorded")


@pytest.mark.parametrize("verified", [True, False])
def test_record_finds_organisations_that_no_page_shows(desk, letter, verified):
    hidden = an_organisation("Amani Water Trust", verified=verified, at_risk=True, country="UG")
    page = desk.post(f"{QUEUE}record/{letter.pk}/", {"organisation_name": "amani water", "find": "1"})
    assert page.status_code == 200
    assert "Amani Water Trust" in text_of(page)
    assert "Uganda" in text_of(page)
    assert "Write where" not in text_of(page), "Find finds no fault"
    known = {"organisation_name": "amani water", "organisation": hidden.public_id, "country": "", "website": ""}
    desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | known)
    endorsement = letter.endorsements.get()
    assert endorsement.organisation == hidden
    assert endorsement.printed_name == "Amani Water Trust"
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize("visibility", Endorsement.Visibility.values)
def test_record_without_a_representative_keeps_the_visibility(desk, letter, run_jobs, outbox, visibility):
    nobody = dict.fromkeys(("representative_name", "representative_role", "representative_email"), "")
    assert desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | nobody | {"visibility": visibility}).status_code == 302
    endorsement = letter.endorsements.get()
    assert endorsement.visibility == visibility
    assert not hasattr(endorsement, "representative")
    run_jobs()
    assert outbox() == []
    step(desk, endorsement, "approve")
    named = counting.count(letter, timezone.now()).named
    assert named == (visibility == "named")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"note": " "}, "Write where the sign-on came from"),
        ({"evidence": ""}, "Select how it was verified"),
        ({"evidence": "published"}, "Select how it was verified"),
        ({"country": ""}, "Select a country"),
        ({"organisation_name": ""}, "Enter the name of your organisation"),
        ({"representative_name": ""}, "Enter all three, or none where nobody is known"),
        ({"representative_email": "bruno@wells"}, "Enter an email address with a domain"),
        ({"visibility": "loud"}, "Select how"),
    ],
)
def test_record_says_what_is_missing_and_records_nothing(desk, letter, change, sentence):
    answer = desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | change)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "There is a problem" in text_of(answer)
    assert not letter.endorsements.exists()


def test_record_is_for_letters_that_one_moderates_and_that_are_public(desk, letter, chiara):
    draft, other = a_letter(state="draft"), a_letter(title="Second letter")
    for of in (draft, other):
        LetterRole.objects.create(user=chiara, letter=of, role="moderator")
    page = text_of(desk.get(f"{QUEUE}record/"))
    assert "Keep river data public" in page
    assert "Second letter" in page
    assert desk.get(f"{QUEUE}record/{draft.pk}/").status_code == 404
    assert desk.post(f"{QUEUE}record/{a_letter().pk}/", RECORD).status_code == 404


def test_where_names_are_not_withheld_a_recorded_one_is_named(desk, chiara):
    letter = a_letter(withheld_names="not_allowed")
    LetterRole.objects.create(user=chiara, letter=letter, role="moderator")
    assert "How the organisation appears" not in text_of(desk.get(f"{QUEUE}record/{letter.pk}/"))
    desk.post(f"{QUEUE}record/{letter.pk}/", RECORD | {"representative_email": ""} | dict.fromkeys(
        ("representative_name", "representative_role"), ""))  # fmt: skip
    assert letter.endorsements.get().visibility == "named"


# Letters

LETTERS = "/admin/letters/letter/"


def test_the_list_of_letters_counts_as_every_page_does(desk, letter, chiara):
    draft = a_letter(state="draft", title="Draft on dams")
    LetterRole.objects.create(user=chiara, letter=draft, role="convener")
    for visibility in Endorsement.Visibility.values:
        an_endorsement(letter, visibility=visibility)
    a_letter(title="Somebody else’s")
    with CaptureQueriesContext(connection) as queries:
        page = text_of(desk.get(LETTERS))
    assert f"{letter.reference} Keep river data public open 3" in page
    assert f"{draft.reference} Draft on dams draft 0" in page
    assert "Somebody else’s" not in page
    few = len(queries)
    for _ in range(5):
        LetterRole.objects.create(user=chiara, letter=a_letter(), role="observer")
    with CaptureQueriesContext(connection) as queries:
        desk.get(LETTERS)
    assert len(queries) == few
    assert letter.title in text_of(desk.get(LETTERS, {"q": "river data"}))
    assert letter.title not in text_of(desk.get(LETTERS, {"q": "dams"}))


def test_titles_are_those_in_force(letter):
    letter.versions.create(number=2).texts.create(language="en", title="Not yet sealed", body="…")
    assert titles([letter]) == {letter.pk: "Keep river data public"} == {letter.pk: letter.title}


@pytest.mark.parametrize("verb", ["extend", "allow_late", "set_audience", "close", "prepare"])
def test_no_step_is_taken_from_a_page_that_was_open_before_another_step(letter, verb):
    client = as_(a_moderator(letter, "convener"))
    later = letter.closes_at + timedelta(days=3)
    typed = later.strftime("%Y-%m-%dT%H:%M")
    said_with = {"note": "x", "closes_at": typed, "late_until": typed, "audience": "public"}
    url = f"{LETTERS}{letter.pk}/step/{verb}/"
    pages = [client.get(url), client.get(f"{LETTERS}{letter.pk}/change/")]
    [seen] = {re.search(r'name="seen" value="([0-9]+)"', page.content.decode())[1] for page in pages}
    lifecycle.extend(letter, by=None, closes_at=later, note="More time.")
    events = letter.events.count()
    answer = client.post(url, {"was": "open", "seen": seen, **said_with}, follow=True)
    assert "This happened after the page was opened: Deadline extended. Look at it again" in said(answer)
    assert letter.events.count() == events


def letter_step(client, letter, verb, **said):
    was = Letter.objects.get(pk=letter.pk).status
    return client.post(f"{LETTERS}{letter.pk}/step/{verb}/", {"was": was, **said})


def test_the_page_of_a_letter_shows_every_instant_by_its_clock():
    with time_machine.travel(NOON, tick=False):
        letter = a_letter(
            time_zone="Africa/Nairobi", public_from=NOON - timedelta(days=1), late_until=NOON + timedelta(days=15)
        )
        page = text_of(as_(a_moderator(letter)).get(f"{LETTERS}{letter.pk}/change/"))
    assert "Public from: Monday 23 November 2026, 15:00 Africa/Nairobi (12:00 UTC)" in page
    assert "Late signatures until: Wednesday 9 December 2026, 15:00 Africa/Nairobi (12:00 UTC)" in page
    assert "Tuesday 24 November 2026, 15:00 Africa/Nairobi (12:00 UTC) Opened for signature" in page


def test_a_step_that_is_not_possible_says_so_before_it_asks_anything():
    letter = a_letter(state="closed")
    client = as_(a_moderator(letter, "convener"))
    answer = client.get(f"{LETTERS}{letter.pk}/step/extend/", follow=True)
    assert answer.redirect_chain == [(f"{LETTERS}{letter.pk}/change/", 302)]
    assert "Extend the deadline: this can’t be done now, as the status is “closed”." in text_of(answer)


def test_the_life_of_a_letter_from_the_desk():
    letter = a_letter(state="draft", time_zone="Africa/Nairobi")
    amina = a_moderator(letter, "convener", name="Amina")
    client = as_(amina)
    assert "can’t be changed any more" in text_of(client.get(f"{LETTERS}{letter.pk}/step/open/"))
    for verb, words, status in (
        ("open", {}, "open"),
        ("close", {}, "closed"),
        ("reopen", {"closes_at": "2099-05-03T18:00", "note": "More time."}, "open"),
        ("take_down", {"note": "For their safety."}, "taken_down"),
        ("restore", {"note": "Safe again."}, "open"),
    ):
        if words:
            assert letter_step(client, letter, verb).status_code == 422
        assert letter_step(client, letter, verb, **words)["Location"] == f"{LETTERS}{letter.pk}/change/"
        letter.refresh_from_db()
        assert letter.status == status
        event = letter.events.last()
        assert (event.verb, event.by) == (verb, amina)
    assert letter.closes_at.isoformat() == "2099-05-03T15:00:00+00:00", "18:00 in Nairobi"
    page = text_of(client.get(f"{LETTERS}{letter.pk}/change/"))
    assert "Taken down by Amina" in page
    assert "For their safety." in page


def test_a_draft_is_discarded():
    letter = a_letter(state="draft")
    letter_step(as_(a_moderator(letter, "convener")), letter, "discard")
    letter.refresh_from_db()
    assert letter.status == "discarded"


def test_only_conveners_take_the_steps_of_a_letter(letter):
    for role in ("moderator", "observer"):
        client = as_(a_moderator(letter, role))
        assert client.get(f"{LETTERS}{letter.pk}/change/").context["buttons"] == []
        for verb in LetterAdmin.verbs:
            assert letter_step(client, letter, verb, note="x").status_code == 403
    letter.refresh_from_db()
    assert letter.status == "open"


def test_what_a_letter_refuses_is_said_on_its_page():
    letter = a_letter(state="draft", closes_at=NOON - timedelta(days=1))
    client = as_(a_moderator(letter, "convener"))
    with time_machine.travel(NOON):
        assert "Set a deadline that lies ahead." in said(letter_step(client, letter, "open"))
    recorded = a_letter(state="recorded")
    client = as_(a_moderator(recorded, "convener"))
    refused = letter_step(client, recorded, "reopen", closes_at="2099-05-03T18:00", note="x")
    assert "can’t be signed here" in said(refused)


def test_an_organisation_that_goes_takes_its_links_off_the_letters(client, letter):
    organisation = an_organisation("Mawingu Forum")
    an_endorsement(letter, organisation, visibility="named")
    untouched = an_endorsement(a_letter(), organisation, visibility="counted").letter
    page = letter.get_absolute_url()
    assert organisation.get_absolute_url() in client.get(page).content.decode()
    before, quiet = Letter.objects.get(pk=letter.pk), Letter.objects.get(pk=untouched.pk)
    administrator = as_(UserFactory(administrator=True))
    administrator.post(
        f"/admin/signatories/organisation/{organisation.pk}/step/suspend/", {"was": "verified", "note": "Under review."}
    )
    after = Letter.objects.get(pk=letter.pk)
    assert after.hidden_revision == after.revision > before.revision
    assert Letter.objects.get(pk=untouched.pk).revision == quiet.revision
    shown = client.get(page).content.decode()
    assert organisation.get_absolute_url() not in shown
    assert "Mawingu Forum" in shown


# Roles


def test_administrators_give_and_take_roles(letter):
    administrator, bruno = as_(UserFactory(administrator=True)), UserFactory(staff=True)
    roles = "/admin/letters/letterrole/"
    assert administrator.get(f"{roles}add/", {"letter": letter.pk}).status_code == 200
    administrator.post(f"{roles}add/", {"user": bruno.pk, "letter": letter.pk, "role": "moderator"})
    role = LetterRole.objects.get(user=bruno)
    assert (role.letter, role.role) == (letter, "moderator")
    assert "already exists" in text_of(
        administrator.post(f"{roles}add/", {"user": bruno.pk, "letter": letter.pk, "role": "moderator"})
    )
    administrator.post(f"{roles}{role.pk}/delete/", {"post": "yes"})
    assert not LetterRole.objects.filter(user=bruno).exists()


def test_nobody_else_gives_roles(desk, letter, chiara):
    roles = "/admin/letters/letterrole/"
    assert desk.get(roles).status_code == 403
    given = desk.post(f"{roles}add/", {"user": chiara.pk, "letter": letter.pk, "role": "convener"})
    assert given.status_code == 403
    assert chiara.letter_roles.count() == 1


# What every page of the desk keeps


def desk_pages(letter) -> list[str]:
    endorsement = letter.endorsements.first()
    return [
        *("/admin/", QUEUE, f"{QUEUE}?queue=all&ticked=1&q=x", page_of(endorsement), f"{QUEUE}record/{letter.pk}/"),
        *(f"{QUEUE}{endorsement.pk}/step/{verb}/" for verb in EndorsementAdmin.verbs),
        *(LETTERS, f"{LETTERS}{letter.pk}/change/", f"{LETTERS}{letter.pk}/step/close/"),
        *("/admin/letters/letterrole/", "/admin/letters/letterrole/add/", f"{QUEUE}record/"),
    ]


def test_no_page_needs_an_inline_style_or_script(letter):
    administrator = as_(UserFactory(administrator=True))
    rows = [an_endorsement(letter, state="confirmed", signals=("fast",)) for _ in range(2)]
    answers = [administrator.get(address, follow=True) for address in desk_pages(letter)]
    answers.append(tick(administrator, "reject", *rows))
    for answer in answers:
        page = answer.content.decode()
        assert answer.status_code == 200, answer.request["PATH_INFO"]
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", page), answer.request
        assert "desk.css" in page


def test_strangers_are_sent_to_the_sign_in_and_others_get_nothing(client, letter):
    an_endorsement(letter, an_organisation("Mawingu"), state="confirmed")
    for address in desk_pages(letter):
        assert "/admin/login/" in client.get(address)["Location"]
    client.force_login(UserFactory())
    for address in desk_pages(letter):
        assert "Mawingu" not in text_of(client.get(address, follow=True))


def test_no_cache_keeps_a_page_of_the_desk(desk, letter):
    assert "no-store" in desk.get(QUEUE)["Cache-Control"]
