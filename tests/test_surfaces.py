"""Planted secrets: every public address there is, crawled in every language, for words that nobody may read there.

The addresses come from the URL table. A new one that is not covered in tests/crawling.py fails the first test.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from letters import amending, attachments, lifecycle, responding
from letters.documents import rendering
from letters.models import Letter
from signatories import correcting, vetting
from tests.crawling import FILLED, TRIAL, Stranger, addresses, body_of, headers_of, open_to_anyone, patterns, unpacked
from tests.factories import a_letter, a_moderator, an_endorsement, an_organisation

pytestmark = pytest.mark.django_db

SECRET = "Zzyzx"


def test_every_address_that_anyone_may_read_is_crawled():
    assert open_to_anyone() - TRIAL == set(FILLED)


@pytest.fixture
def letter() -> Letter:
    """A public letter with something hidden of every kind around it; each hidden word contains SECRET."""
    letter = a_letter(slug="crawled", title="Keep river data public")
    union = an_organisation("Open Union")
    an_endorsement(letter, union, representative_name=f"{SECRET} representative")
    correcting.suggest(organisation=union, words=f"{SECRET} correction", email=f"{SECRET}@wells.example.org")
    vetting.join(union, by=None, network=an_organisation(f"{SECRET} network"), note=f"{SECRET} note")
    vetting.join(an_organisation(f"{SECRET} member"), by=None, network=union)
    for visibility in ("country", "counted", "confidential"):
        an_endorsement(letter, an_organisation(f"{SECRET} {visibility}"), visibility=visibility)
    for state in ("submitted", "confirmed", "asked", "held", "rejected", "withdrawn", "expired", "removed"):
        an_endorsement(letter, an_organisation(f"{SECRET} {state}"), state=state)
    an_organisation(f"{SECRET} at risk", is_listed=True, at_risk=True)
    suspended = an_organisation(f"{SECRET} suspended", is_listed=True)
    vetting.suspend(suspended, by=None, note=f"{SECRET} note")
    vetting.register(name=f"{SECRET} provisional", country="KE")
    for state in ("draft", "discarded", "taken_down"):
        hidden = a_letter(state=state, title=f"{SECRET} {state}")
        if state == "taken_down":
            continue
    for audience in ("team", "invited"):
        an_endorsement(
            a_letter(title=f"{SECRET} {audience}", audience=audience), an_organisation(f"{SECRET} org {audience}")
        )
    embargoed = a_letter(title=f"{SECRET} embargo", public_from=timezone.now() + timedelta(hours=1))
    an_endorsement(embargoed, an_organisation(f"{SECRET} org embargo"))
    a_moderator(letter, name=f"{SECRET} moderator")
    _what_came_of_it(letter)
    assert hidden.pk
    return letter


def _what_came_of_it(letter: Letter) -> None:
    """A confidential response with its file, a version that is being written, and notes."""
    said = {"by": None, "dated_on": timezone.now().date(), "language": "en", "files": []}
    responding.respond(
        letter,
        addressee=letter.addressees.get(),
        kind="partial",
        text=f"{SECRET} in confidence",
        is_published=False,
        verdicts={1: "not_met"},
        **said | {"files": [attachments.Checked.of(SimpleUploadedFile(f"{SECRET}.txt", SECRET.encode()))]},
    )
    responding.post_update(letter, title="News", body="We were heard.", **said)
    lifecycle.extend(letter, by=None, closes_at=timezone.now() + timedelta(days=30), note=f"{SECRET} note")
    amending.prepare(letter, by=None)
    letter.versions.get(sealed_at=None).texts.update(body=f"{SECRET} of the next version")


@pytest.mark.slow
def test_no_public_address_shows_anything_planted(letter):
    rendering.render(letter.pk)
    seen, stranger = 0, Stranger()
    for _name, path, _subject in addresses():
        for query in ("", f"?q={SECRET}", "?country=KE&order=country", "?letter=Z", "?page=2"):
            answer = stranger.get(path + query)
            shown = headers_of(answer) + unpacked(body_of(answer))
            shown = shown.replace(f'value="{SECRET}"', "").replace(f"q={SECRET}", "")
            assert SECRET not in shown, path
            assert answer.status_code < 500, path
            seen += 1
            if answer.status_code != 200:
                break
    assert seen > 500


def test_the_form_suggests_nothing_planted(letter):
    sign = f"{letter.get_absolute_url()}sign/"
    for typed in (SECRET, f"{SECRET} counted", f"{SECRET} at risk", f"{SECRET} provisional"):
        page = Client().post(sign, {"organisation_name": typed, "find": "1"}).content.decode()
        assert page.count(SECRET) == page.count(f'value="{typed}"') + page.count(f"<bdi>{typed}</bdi>")
        assert 'id="pick1"' not in page
        part = Client().post(sign, {"organisation_name": typed, "find": "1"}, headers={"HX-Request": "true"})
        assert SECRET not in part.content.decode()


def test_mails_name_nobody_else(letter, run_jobs, outbox):
    run_jobs()
    for message in outbox():
        words = message.as_string()
        assert f"{SECRET} moderator" not in words
        assert words.count("To:") >= 1
        assert len(message["To"].addresses) == 1
        assert not message["Cc"]
        assert not message["Bcc"]


def test_a_stranger_is_shown_nothing_of_the_desk(letter):
    for person in (None, "nobody"):
        browser = Client()
        if person:
            from tests.factories import UserFactory

            browser.force_login(UserFactory())
        for name, _pattern in patterns():
            if name in ("admin:index", "admin:letters_endorsement_changelist", "admin:letters_letter_changelist"):
                answer = browser.get(reverse(name))
                assert answer.status_code in (302, 404)
                assert SECRET not in answer.content.decode()
    assert not Letter.objects.visible_to(AnonymousUser(), timezone.now()).filter(slug__startswith="hidden").exists()


def test_logs_hold_no_token_address_or_name(letter, caplog, settings):
    endorsement = an_endorsement(letter, state="submitted", representative_email="planted@wells.example.org")
    from coalition import links

    token = links.make(endorsement.public_id, links.Purpose.CONFIRM, 0, endorsement.submitted_at)
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")
    Client().get(f"/en/endorsements/{altered}/")
    Client().post(f"/en/endorsements/{altered}/")
    Client(enforce_csrf_checks=True).post(f"/en/endorsements/{token}/")
    from coalition.logs import Discreet

    for record in caplog.records:
        Discreet().filter(record)
        said = record.getMessage()
        assert token not in said
        assert altered not in said
        assert "planted@" not in said
