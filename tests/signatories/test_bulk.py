"""Several organisations verified or listed at once: who is meant comes first, then one step for each."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from letters.models import LetterRole
from signatories import bulk_desk, vetting
from signatories.models import Organisation
from tests.factories import UserFactory, a_letter, a_moderator, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db

REGISTER = "/admin/signatories/organisation/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(title="Another letter"), name="Chiara"))
    return client


def ask(client, verb, organisations):
    return client.post(REGISTER, {"action": verb, "_selected_action": [one.pk for one in organisations]})


def act(client, verb, organisations, note=""):
    rows = [f"{one.pk}:{one.revision}" for one in organisations]
    return client.post(f"{REGISTER}bulk/{verb}/", {"row": rows, "note": note}, follow=True)


def now(organisation):
    return Organisation.objects.get(pk=organisation.pk)


def test_who_is_meant_is_shown_first_and_nothing_changes(desk):
    amani = an_organisation("Amani Water Trust", verified=False, country="UG")
    mawingu = an_organisation("Mawingu Forum", country="KE")
    page = text_of(ask(desk, "verify", [amani, mawingu]))
    assert "Verify: 1 organisation" in page
    assert "Amani Water Trust , Uganda" in page
    assert "Mawingu Forum , Kenya verified Can’t be done, it is “verified”." in page
    assert now(amani).standing == "provisional"


def test_each_is_verified_with_an_event_and_the_note(desk):
    two = [an_organisation("Amani Water Trust", verified=False), an_organisation("Mawingu Forum", verified=False)]
    answer = act(desk, "verify", two, note="Checked by telephone")
    assert "2 verified" in text_of(answer)
    for one in two:
        event = one.events.get(verb="verify")
        assert (now(one).standing, event.by.name, event.note.text) == ("verified", "Chiara", "Checked by telephone")


def test_each_is_listed_and_the_directory_finds_it(desk):
    two = [an_organisation("Amani Water Trust"), an_organisation("Mawingu Forum")]
    assert "Amani" not in text_of(desk.get("/en/organisations/"))
    assert "2 listed" in text_of(act(desk, "list", two))
    assert [one.events.get(verb="describe").code for one in two] == ["is_listed"] * 2
    page = text_of(desk.get("/en/organisations/"))
    assert "Amani Water Trust" in page
    assert "Mawingu Forum" in page


def test_who_is_at_risk_is_never_listed(desk):
    quiet, open_one = an_organisation("Quiet Group", at_risk=True), an_organisation("Open Group")
    assert "Quiet Group , Kenya verified Can’t be done, it is at risk." in text_of(ask(desk, "list", [quiet, open_one]))
    assert "1 listed, 1 refused: Quiet Group: Can’t be done, it is at risk." in text_of(
        act(desk, "list", [quiet, open_one])
    )
    assert (now(quiet).is_listed, now(open_one).is_listed) == (False, True)


def test_what_changed_meanwhile_is_refused(desk):
    amani = an_organisation("Amani Water Trust", verified=False)
    shown = now(amani)
    vetting.describe(amani, about="It is another one", by=None)
    answer = text_of(act(desk, "verify", [shown]))
    assert "0 verified, 1 refused: Amani Water Trust: Somebody else changed this a moment ago." in answer
    assert now(amani).standing == "provisional"


def test_a_note_that_is_too_long_comes_back_with_all_that_was_chosen(desk):
    amani = an_organisation("Amani Water Trust", verified=False)
    answer = act(desk, "verify", [amani], note="x" * 2001)
    assert answer.status_code == 422
    assert "The note must be 2,000 characters or fewer" in text_of(answer)
    assert f'value="{amani.pk}:{amani.revision}"' in answer.content.decode()


def test_more_than_one_page_holds_are_refused(desk, monkeypatch):
    monkeypatch.setattr(bulk_desk, "MOST", 1)
    two = [an_organisation("Amani Water Trust", verified=False), an_organisation("Mawingu Forum", verified=False)]
    answer = desk.post(REGISTER, {"action": "verify", "_selected_action": [one.pk for one in two]}, follow=True)
    assert "Nothing was done. Tick at most 1 organisations at once." in text_of(answer)
    assert act(desk, "verify", two).status_code == 400


def test_nothing_ticked_is_said(desk):
    answer = desk.post(REGISTER, {"action": "verify"}, follow=True)
    assert "Nothing was done. Tick those that you mean first." in text_of(answer)


@pytest.mark.parametrize("row", ["x", "1", "1:x", "²:1", "9" * 30 + ":1"])
def test_rows_that_no_page_wrote_are_refused(desk, row):
    assert desk.post(f"{REGISTER}bulk/verify/", {"row": [row]}).status_code == 400


def test_only_who_keeps_the_register(client):
    observer = UserFactory(is_staff=True)
    a_letter().roles.create(user=observer, role=LetterRole.Role.OBSERVER)
    client.force_login(observer)
    amani = an_organisation("Amani Water Trust", is_listed=True)
    assert act(client, "verify", [amani]).status_code == 403
    assert "_selected_action" not in client.get(REGISTER).content.decode()


def test_the_number_of_queries_of_the_page_does_not_grow(desk):
    def number_of_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            ask(desk, "verify", Organisation.objects.all())
        return len(queries)

    an_organisation(verified=False)
    number_of_queries()
    before = number_of_queries()
    for _number in range(5):
        an_organisation(verified=False)
    assert number_of_queries() == before
