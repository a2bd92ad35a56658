"""Corrections: anybody says what should change, the answer is the same for everybody, and only the desk reads it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from coalition.workflow import NotAllowed
from signatories import correcting, merging, vetting
from signatories.models import Correction, Organisation
from tests.factories import UserFactory, a_letter, a_moderator, an_organisation
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

LIST = "/admin/signatories/correction/"
THANKS = "Thank you. The coordinators have it, and change the details when they have checked them."


@pytest.fixture
def organisation() -> Organisation:
    return an_organisation("Forum Mawingu", is_listed=True)


def address(organisation: Organisation, language: str = "en") -> str:
    return f"/{language}/organisations/{organisation.slug}/correct/"


def test_what_should_change_comes_to_the_desk_and_nothing_public_changes(organisation):
    public = organisation.get_absolute_url()
    page = Client().get(public)
    assert address(organisation) in links_of(page)
    said = {"words": "The website is https://mawingu.org now.\r\nSee its register entry.", "email": "Bruno@mawingu.org"}
    answer = Client().post(address(organisation, "fr"), said, follow=True)
    assert answer.redirect_chain == [(f"{address(organisation, 'fr')}?sent=1", 302)]
    correction = Correction.objects.get()
    assert correction.words == "The website is https://mawingu.org now.\nSee its register entry."
    assert (correction.email, correction.language, correction.status) == ("Bruno@mawingu.org", "fr", "open")
    with connection.cursor() as cursor:
        cursor.execute("SELECT email FROM signatories_correction")
        assert "mawingu" not in cursor.fetchone()[0]
    after = Client().get(public)
    assert (after.content, after["ETag"]) == (page.content, page["ETag"])


def test_the_answer_is_the_same_for_everybody(organisation):
    answers = [
        text_of(Client().post(address(organisation), {"words": "The name.", **said}, follow=True))
        for said in ({}, {"email": "bruno@mawingu.org"}, {"fax": "1234"}, {})
    ]
    assert THANKS in answers[0]
    assert len(set(answers)) == 1
    assert list(Correction.objects.order_by("pk").values_list("is_automatic", flat=True)) == [False, False, True, False]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"words": " \r\n "}, "Say what should change"),
        ({"words": "ж" * 2001}, "What should change must be 2,000 characters or fewer"),
        ({"words": "Name.", "email": "bruno"}, "Enter an email address with a domain, like name@organisation.org"),
        ({"words": "Name.", "email": "b@" + "m" * 300 + ".org"}, "The email address must be 254 characters or fewer"),
    ],
)
def test_what_will_not_do_is_said_in_a_sentence_and_nothing_typed_is_lost(organisation, said, sentence):
    page = Client().post(address(organisation), said)
    assert page.status_code == 200
    assert sentence in text_of(page)
    assert "There is a problem" in text_of(page)
    assert not Correction.objects.exists()
    shown = page.content.decode()
    assert said["words"].strip() in shown
    assert f'value="{said["email"]}"' in shown if "email" in said else True


def test_exactly_2000_characters_are_taken_however_lines_end(organisation):
    words = "a\r\n" * 666 + "ab"
    assert Client().post(address(organisation), {"words": words}).status_code == 302
    assert len(Correction.objects.get().words) == 1334


def test_many_from_one_network_are_asked_to_wait_with_what_they_typed(organisation):
    visitor = Client()
    for _ in range(10):
        assert visitor.post(address(organisation), {"words": "Name."}).status_code == 302
    page = visitor.post(address(organisation), {"words": "The very last word."})
    assert page.status_code == 429
    assert "Many corrections came from your network within an hour" in text_of(page)
    assert "The very last word." in text_of(page)
    assert Correction.objects.count() == 10
    assert Client(REMOTE_ADDR="203.0.113.9").post(address(organisation), {"words": "Name."}).status_code == 302


def test_a_page_open_too_long_keeps_what_was_typed(organisation):
    page = Client(enforce_csrf_checks=True).post(address(organisation), {"words": "The <name>."})
    assert page.status_code == 403
    assert "This page had been open too long" in text_of(page)
    assert "The <name>." in text_of(page)
    assert not Correction.objects.exists()


def test_nobody_can_correct_what_nobody_can_see():
    hidden = an_organisation("Hidden", is_listed=True, at_risk=True)
    unlisted = an_organisation("Unlisted")
    suspended = an_organisation("Suspended", is_listed=True)
    vetting.suspend(suspended, by=None, note="Why.")
    nowhere = Client().get("/en/organisations/nowhere/correct/").content
    for organisation in (hidden, unlisted, suspended):
        assert Client().get(address(organisation)).content == nowhere
        assert Client().post(address(organisation), {"words": "Name."}).status_code == 404
    assert not Correction.objects.exists()


def test_it_is_kept_by_no_cache_and_found_by_no_search_engine(organisation):
    page = Client().get(address(organisation))
    assert page["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex">' in page.content.decode()


# At the desk


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(), name="Chiara"))
    return client


def test_it_is_read_and_settled_at_the_desk_and_the_address_goes(desk, organisation):
    correction = correcting.suggest(organisation=organisation, words="The website moved.", email="bruno@mawingu.org")
    assert (
        "?organisation__exact="
        in desk.get(f"/admin/signatories/organisation/{organisation.pk}/change/").content.decode()
    )
    assert "1 correction suggested" in text_of(desk.get(f"/admin/signatories/organisation/{organisation.pk}/change/"))
    assert LIST in desk.get("/admin/").content.decode()
    listed = text_of(desk.get(f"{LIST}?organisation__exact={organisation.pk}"))
    assert "Forum Mawingu" in listed
    assert "The website moved." in listed
    page = text_of(desk.get(f"{LIST}{correction.pk}/change/"))
    for words in ("The website moved.", "bruno@mawingu.org", "Came in", "Settle"):
        assert words in page
    step = f"{LIST}{correction.pk}/step/settle/"
    assert desk.post(step, {"was": "open"}).status_code == 422
    assert desk.post(step, {"was": "open", "note": "Checked with the state’s register."}).status_code == 302
    correction.refresh_from_db()
    assert (correction.status, correction.email) == ("settled", "")
    event = correction.events.last()
    assert (event.verb, event.by.name, event.note.text) == ("settle", "Chiara", "Checked with the state’s register.")
    assert "correction suggested" not in text_of(desk.get(f"/admin/signatories/organisation/{organisation.pk}/change/"))


def test_the_lists_number_of_queries_does_not_grow(desk, organisation, django_assert_max_num_queries):
    for number in range(12):
        correcting.suggest(organisation=an_organisation(f"Union {number}"), words="Name.")
    with django_assert_max_num_queries(9):
        assert desk.get(LIST).status_code == 200


def test_an_observer_and_a_stranger_read_none(client, organisation):
    correction = correcting.suggest(organisation=organisation, words="The website moved.")
    observer = a_moderator(a_letter(), role="observer")
    client.force_login(observer)
    assert LIST not in client.get("/admin/").content.decode()
    for path in (LIST, f"{LIST}{correction.pk}/change/", f"{LIST}{correction.pk}/step/settle/"):
        assert client.get(path).status_code == 403
    with pytest.raises(NotAllowed):
        correcting.settle(correction, by=observer, note="Why.")
    client.force_login(UserFactory())
    assert "/admin/login/" in client.get(LIST)["Location"]


def test_the_form_of_a_merged_entry_leads_to_that_of_the_survivor_and_loses_nothing(organisation):
    gone = an_organisation("FM", is_listed=True)
    merging.merge(organisation, gone, by=None, at=timezone.now())
    answer = Client().get(address(gone, "fr"))
    assert (answer.status_code, answer["Location"]) == (301, address(organisation, "fr"))
    empty = Client().post(address(gone), {"words": "", "email": "bruno@mawingu.org"})
    assert 'value="bruno@mawingu.org"' in empty.content.decode()
    sent = Client().post(address(gone), {"words": "It moved to Nairobi."}, follow=True)
    assert THANKS in text_of(sent)
    assert Correction.objects.get().organisation == organisation


def test_the_form_of_an_entry_merged_into_a_hidden_one_is_not_there(organisation):
    gone = an_organisation("FM", is_listed=True, at_risk=True)
    merging.merge(organisation, gone, by=None, at=timezone.now())
    for slug in (gone, organisation):
        assert Client().get(address(slug)).status_code == 404
        assert Client().post(address(slug), {"words": "It moved."}).status_code == 404
