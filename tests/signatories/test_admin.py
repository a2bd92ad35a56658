"""The register at the desk: found by any name, shown as it is, changed by its verbs and two ticks."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters.models import Letter
from signatories import vetting
from signatories.admin import OrganisationAdmin
from signatories.models import Organisation
from tests.factories import UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db

REGISTER = "/admin/signatories/organisation/"
#: What Django's forms for the rows below the page want to hear: that there is nothing in them.
BELOW = {f"{prefix}-{name}_FORMS": "0" for prefix in ("names", "domains") for name in ("TOTAL", "INITIAL")}


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(title="Another letter"), name="Chiara"))
    return client


def step(client, organisation, verb, **said):
    was = Organisation.objects.get(pk=organisation.pk).standing
    return client.post(f"{REGISTER}{organisation.pk}/step/{verb}/", {"was": was, **said})


def tick(client, organisation, *ticked):
    return client.post(f"{REGISTER}{organisation.pk}/change/", BELOW | dict.fromkeys(ticked, "on"))


def test_the_list_shows_all_of_the_register_newest_first(desk):
    an_organisation("Mawingu Forum", country="KE")
    an_organisation("Amani Water Trust", verified=False, country="UG")
    page = text_of(desk.get(REGISTER))
    assert "Amani Water Trust Uganda provisional Mawingu Forum Kenya verified" in page


@pytest.mark.parametrize("typed", ["mawingu", "MWF", "FORUM MAWÍNGU", "Forum"])
def test_search_by_any_name(desk, typed):
    mawingu = an_organisation("Forum Mawingu", acronym="MWF")
    an_organisation("Amani Water Trust")
    found = desk.get(REGISTER, {"q": typed}).context["cl"].result_list
    assert list(found) == [mawingu]


def test_the_number_of_queries_does_not_grow(desk):
    def number_of_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get(REGISTER)
        return len(queries)

    for _ in range(3):
        an_organisation(acronym="ABC")
    few = number_of_queries()
    for _ in range(30):
        an_organisation(acronym="ABC")
    assert number_of_queries() == few <= 9


def test_the_page_shows_names_domains_and_what_happened(desk):
    organisation = an_organisation("Mawingu Forum", acronym="MWF", website="https://mawingu.org")
    page = text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))
    for words in (
        "Mawingu Forum",
        "MWF acronym",
        "mawingu.org stated as its website",
        "Came onto the register",
        "Verified",
    ):
        assert words in page


def test_verify_suspend_and_reinstate(desk):
    organisation = an_organisation(verified=False, is_listed=True)
    for verb, words, standing in (
        ("verify", {}, "verified"),
        ("suspend", {"note": "Under review."}, "suspended"),
        ("reinstate", {"note": "All is well."}, "verified"),
    ):
        before = Organisation.objects.get(pk=organisation.pk)
        if words:
            assert step(desk, organisation, verb).status_code == 422
        assert step(desk, organisation, verb, **words).status_code == 302
        organisation.refresh_from_db()
        assert organisation.standing == standing
        assert organisation.revision > before.revision
        event = organisation.events.last()
        assert (event.verb, event.by.name) == (verb, "Chiara")
    assert "Under review." in text_of(desk.get(f"{REGISTER}{organisation.pk}/change/"))


def test_a_standing_that_changed_meanwhile_is_not_changed_again(desk):
    organisation = an_organisation()
    vetting.suspend(organisation, by=None, note="First.")
    answer = desk.post(
        f"{REGISTER}{organisation.pk}/step/suspend/", {"was": "verified", "note": "Second."}, follow=True
    )
    assert "Somebody changed this meanwhile: now it is “suspended”." in text_of(answer)
    assert organisation.events.filter(verb="suspend").count() == 1


def test_at_risk_takes_its_page_and_its_links_away_at_once(desk):
    organisation = an_organisation("Mawingu Forum")
    letter = an_endorsement(a_letter(), organisation).letter
    reader = Client()
    page, letter_page = organisation.get_absolute_url(), letter.get_absolute_url()
    assert reader.get(page).status_code == 200
    assert page in reader.get(letter_page).content.decode()
    before = Letter.objects.get(pk=letter.pk)
    assert tick(desk, organisation, "at_risk").status_code == 302
    assert reader.get(page).status_code == 404
    shown = reader.get(letter_page).content.decode()
    assert page not in shown
    assert "Mawingu Forum" in shown, "the signature under the letter stays as its signer chose"
    after = Letter.objects.get(pk=letter.pk)
    assert after.hidden_revision == after.revision == before.revision + 1
    log = LogEntry.objects.get()
    assert (log.user.name, log.object_id) == ("Chiara", str(organisation.pk))
    assert "At risk" in text_of(desk.get(f"{REGISTER}{organisation.pk}/history/"))
    tick(desk, organisation)
    assert reader.get(page).status_code == 200
    assert page in reader.get(letter_page).content.decode()


def test_listed_shows_it_without_a_letter(desk):
    organisation = an_organisation()
    assert organisation not in Organisation.objects.public(timezone.now())
    tick(desk, organisation, "is_listed")
    assert organisation in Organisation.objects.public(timezone.now())
    revision = Organisation.objects.get(pk=organisation.pk).revision
    tick(desk, organisation, "is_listed")
    assert Organisation.objects.get(pk=organisation.pk).revision == revision, "nothing changed"


def test_saving_the_ticks_writes_nothing_else(desk, monkeypatch):
    """Somebody suspends it between the reading and the writing of the page."""
    organisation = an_organisation()
    prepare = OrganisationAdmin.prepare

    def meanwhile(self, subject):
        vetting.suspend(Organisation.objects.get(pk=subject.pk), by=None, note="Meanwhile.")
        prepare(self, subject)

    monkeypatch.setattr(OrganisationAdmin, "prepare", meanwhile)
    tick(desk, organisation, "at_risk")
    organisation.refresh_from_db()
    assert (organisation.standing, organisation.at_risk) == ("suspended", True)


def test_nothing_else_can_be_typed_in(desk):
    organisation = an_organisation("Mawingu Forum", country="KE")
    desk.post(
        f"{REGISTER}{organisation.pk}/change/",
        BELOW | {"standing": "suspended", "website": "https://x.org", "slug": "x"},
    )
    after = Organisation.objects.get(pk=organisation.pk)
    assert (after.standing, after.website, after.slug) == ("verified", organisation.website, organisation.slug)
    assert desk.get(f"{REGISTER}add/").status_code == 403
    assert desk.post(f"{REGISTER}{organisation.pk}/delete/", {"post": "yes"}).status_code == 403


def test_strangers_are_sent_to_the_sign_in(client):
    organisation = an_organisation()
    client.force_login(UserFactory())
    for address in (REGISTER, f"{REGISTER}{organisation.pk}/change/", f"{REGISTER}{organisation.pk}/step/verify/"):
        assert "/admin/login/" in client.get(address)["Location"]


def test_the_timeline_knows_every_step():
    assert set(OrganisationAdmin.told) == set(vetting.flow.steps)


def test_an_observer_cannot_verify_or_suspend():
    observer, moderator = a_moderator(a_letter(), role="observer"), a_moderator(a_letter())
    organisation = an_organisation(verified=False)
    with pytest.raises(NotAllowed):
        vetting.verify(organisation, by=observer)
    assert vetting.verify(organisation, by=moderator).standing == "verified"
