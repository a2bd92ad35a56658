"""Letters and roles at the desk: what each page shows, and which step it offers to whom."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters import lifecycle
from letters.admin.letters import LetterAdmin, titles
from letters.models import Endorsement, Letter, LetterRole
from tests.factories import NOON, UserFactory, a_letter, a_moderator, an_endorsement, an_organisation
from tests.letters.admin.steps import LETTERS, as_, said
from tests.reading import text_of

pytestmark = pytest.mark.django_db


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
