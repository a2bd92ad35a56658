"""Mails about what comes of a letter: who gets them, what they say, and how they are stopped."""

from __future__ import annotations

import logging
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from coalition import links
from coalition.logs import Discreet
from letters import endorsing, lifecycle, mail, responding, tasks
from letters.models import Endorsement, EndorsementEvent, Letter, Representative, Response, Update
from tests.factories import UserFactory, an_endorsement, an_old_letter, an_organisation
from tests.letters.test_amending import an_amendment
from tests.letters.test_responding import a_response, an_update
from tests.reading import link_in, text_of, words_of

pytestmark = pytest.mark.django_db

PLAYED = ["respond", "post_update"]


def told_of(verb: str, letter: Letter) -> Response | Update:
    return a_response(letter) if verb == "respond" else an_update(letter)


def a_token(endorsement: Endorsement, purpose: links.Purpose = links.Purpose.NEWS, **change: Any) -> str:
    epoch = change.get("epoch", endorsement.representative.link_epoch)
    return links.make(endorsement.public_id, purpose, epoch, timezone.now())


def news_page(endorsement: Endorsement, **change: Any) -> str:
    return f"/en/endorsements/{a_token(endorsement, **change)}/news/"


def own_page(endorsement: Endorsement) -> str:
    return f"/en/endorsements/{a_token(endorsement, links.Purpose.MANAGE)}/"


@pytest.fixture
def sent(run_jobs, outbox):
    """What has left since it was last asked, once all jobs are done."""
    seen: list[str] = []

    def read() -> list[Any]:
        run_jobs()
        fresh = [message for message in outbox() if message["Message-ID"] not in seen]
        seen.extend(message["Message-ID"] for message in fresh)
        return fresh

    return read


# Who is told


@pytest.mark.parametrize("verb", PLAYED)
def test_who_asked_and_signs_gets_one_mail_each_and_nobody_else(verb, sent):
    letter = an_old_letter()
    told = {
        an_endorsement(letter, wants_updates=True, visibility=visibility).representative.email
        for visibility in ("named", "country", "counted", "confidential")
    }
    an_endorsement(letter, wants_updates=False)
    for state in ("submitted", "confirmed", "asked", "held", "rejected", "withdrawn", "expired", "removed"):
        an_endorsement(letter, state=state, wants_updates=True)
    an_endorsement(wants_updates=True)  # another letter
    forgotten = an_endorsement(letter, wants_updates=True)
    Representative.objects.filter(endorsement=forgotten).delete()
    sent()
    told_of(verb, letter)
    assert sorted(message["To"] for message in sent()) == sorted(told)


@pytest.mark.parametrize("verb", PLAYED)
def test_who_is_due_for_reconsent_hears_nothing_until_it_agrees(verb, sent):
    letter = an_old_letter()
    due, agreed = an_endorsement(letter, wants_updates=True), an_endorsement(letter, wants_updates=True)
    an_amendment(letter)
    endorsing.reconsent(agreed, version=2)
    sent()
    told_of(verb, letter)
    (message,) = sent()
    assert message["To"] == agreed.representative.email
    assert due.representative.email != message["To"]


def test_a_correction_is_told_to_nobody(sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    response, update = a_response(letter), an_update(letter)
    assert len(sent()) == 3  # what the signer got before, and these two
    responding.correct_response(
        letter, by=None, response=response, addressee=response.addressee, kind="refused", dated_on=date(2026, 1, 2),
        language="en", text="No.", is_published=True, verdicts={}, files=[],
    )  # fmt: skip
    responding.correct_update(
        letter, by=None, update=update, dated_on=date(2026, 1, 3), language="en", title="Else", body="", files=[]
    )
    assert sent() == []


def test_one_person_for_two_organisations_is_told_for_each(sent):
    letter = an_old_letter()
    for name in ("Amani", "Mawingu"):
        an_endorsement(letter, an_organisation(name), wants_updates=True, representative_email="b@wells.example.org")
    sent()
    an_update(letter)
    first, second = sent()
    assert first["List-Unsubscribe"] != second["List-Unsubscribe"]


@pytest.mark.parametrize("verb", PLAYED)
def test_jobs_run_twice_send_once(verb, run_jobs, outbox):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    thing = told_of(verb, letter)
    run_jobs()
    before = len(outbox())
    if verb == "respond":
        tasks.tell_of_response.func(response=thing.pk)
        tasks.send_response_mail.func(response=thing.pk, endorsement=endorsement.pk)
    else:
        tasks.tell_of_update.func(update=thing.pk)
        tasks.send_update_mail.func(update=thing.pk, endorsement=endorsement.pk)
    assert run_jobs() == 1
    assert len(outbox()) == before == len({message["Message-ID"] for message in outbox()})


@pytest.mark.parametrize("verb", PLAYED)
def test_a_slip_can_be_mended_first(verb, settings):
    settings.DECISION_MAIL_DELAY = 600
    letter = an_old_letter()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    told_of(verb, letter)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, scheduled_at FROM procrastinate_jobs WHERE task_name LIKE 'letters.tasks.tell_of_%'"
        )
        ((task, at),) = cursor.fetchall()
    assert task == f"letters.tasks.tell_of_{'response' if verb == 'respond' else 'update'}"
    assert timedelta(minutes=9) < at - timezone.now() <= timedelta(minutes=10)


# What stands when it is sent


@pytest.mark.parametrize("verb", PLAYED)
def test_nothing_leaves_of_what_is_gone(verb, sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    sent()
    told_of(verb, letter).delete()
    assert sent() == []


@pytest.mark.parametrize("verb", PLAYED)
def test_nothing_leaves_of_what_is_gone_between_the_two_jobs(verb, run_jobs, outbox):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    run_jobs()
    before = len(outbox())
    thing = told_of(verb, letter)
    number = thing.pk
    thing.delete()
    if verb == "respond":
        tasks.send_response_mail.func(response=number, endorsement=endorsement.pk)
    else:
        tasks.send_update_mail.func(update=number, endorsement=endorsement.pk)
    assert len(outbox()) == before


@pytest.mark.parametrize("verb", PLAYED)
@pytest.mark.parametrize("change", ["taken down", "withdrawn", "stopped", "changed"])
def test_nothing_leaves_once_it_should_not(verb, change, sent, outbox):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    sent()
    thing = told_of(verb, letter)
    match change:
        case "taken down":
            lifecycle.take_down(letter, by=None, note="For their safety.")
        case "withdrawn":
            endorsing.withdraw(endorsement)
        case "stopped":
            endorsing.unsubscribe(endorsement)
        case "changed":
            an_amendment(letter)
    subjects = [message["Subject"] for message in sent()]
    assert not [subject for subject in subjects if subject.startswith(("Response:", "News:"))]
    # The second job looks again, for what changed after the first.
    before = len(outbox())
    if verb == "respond":
        tasks.send_response_mail.func(response=thing.pk, endorsement=endorsement.pk)
    else:
        tasks.send_update_mail.func(update=thing.pk, endorsement=endorsement.pk)
    assert len(outbox()) == before


def test_the_mail_says_what_stands_when_it_is_sent(sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    sent()
    response = a_response(letter, text="We thakn you.")
    responding.correct_response(
        letter, by=None, response=response, addressee=response.addressee, kind="partial", dated_on=date(2026, 1, 2),
        language="en", text="We thank you.", is_published=True, verdicts={}, files=[],
    )  # fmt: skip
    (message,) = sent()
    assert "in part" in words_of(message)
    assert "> We thank you." in words_of(message)
    assert "thakn" not in words_of(message)


# What it says


def test_a_response_is_told_with_its_words_and_two_links(sent, client):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    sent()
    a_response(letter, text="We thank you.\n\nhttps://elsewhere.example/\n\n" + "Rivers flow. " * 20)
    (message,) = sent()
    assert message["Subject"] == "Response: Keep river data public"
    words = words_of(message)
    assert (
        "On 2 January 2026, this addressee answered the letter “Keep river data public” in substance: "
        "Commission on Shared Rivers"
    ) in words
    assert f"http://testserver/en/letters/{letter.slug}/" in words
    assert "Withdraw the signature" in text_of(client.get(link_in(message)))
    lines = message.get_body(("plain",)).get_content().splitlines()
    assert max(len(line) for line in lines if "://" not in line) <= 72
    assert all(line.startswith("> ") for line in lines if "Rivers flow." in line)
    html = message.get_body(("html",)).get_content()
    assert 'href="https://elsewhere.example/"' not in html, "what others wrote gives the mail no button"
    assert '<p dir="auto">&gt; We thank you.</p>' in html


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("acknowledged", "acknowledged receipt of"),
        ("substantive", "in substance"),
        ("partial", "in part"),
        ("refused", "refused to answer"),
    ],
)
def test_of_a_confidential_response_only_addressee_kind_and_date_are_told(kind, words, sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    sent()
    a_response(letter, kind=kind, text="Between us.", is_published=False, verdicts={1: "met"})
    (message,) = sent()
    told = words_of(message)
    for part in (words, "2 January 2026", "Commission on Shared Rivers", "The response itself is not public."):
        assert part in told
    assert "Between us" not in message.as_string()


def test_an_update_is_told_as_the_conveners_news(sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True)
    sent()
    an_update(letter, title="A meeting", body="We were *heard*.")
    (message,) = sent()
    assert message["Subject"] == "News: Keep river data public"
    words = words_of(message)
    assert "have news, dated 3 January 2026. It is not part of the signed text. > A meeting > We were *heard*." in words


def test_it_comes_in_the_language_of_the_representative(sent):
    letter = an_old_letter()
    an_endorsement(letter, wants_updates=True, interface_language="ar")
    sent()
    a_response(letter)
    (message,) = sent()
    assert message["Content-Language"] == "ar"
    assert re.fullmatch(r"<http://testserver/ar/endorsements/[^/>\s]+/news/>", message["List-Unsubscribe"].strip())
    assert "٢٠٢٦" in words_of(message) or "2026" not in words_of(message)


@pytest.mark.parametrize("verb", PLAYED)
def test_a_letter_that_is_not_public_is_not_linked(verb, sent):
    letter = an_old_letter(audience="team")
    an_endorsement(letter, wants_updates=True)
    sent()
    told_of(verb, letter)
    (message,) = sent()
    assert "/letters/" not in words_of(message)
    assert link_in(message)


# Stopping


@pytest.mark.parametrize("verb", PLAYED)
def test_its_headers_let_a_mail_program_stop_it(verb, sent, settings):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    before = sent()
    settings.SITE_URL = "https://letters.example.org"
    thing = told_of(verb, letter)
    (message,) = sent()
    token = links.make(endorsement.public_id, links.Purpose.NEWS, 0, thing.created_at)
    address = f"https://letters.example.org/en/endorsements/{token}/news/"
    assert [value.strip() for value in message.get_all("List-Unsubscribe")] == [f"<{address}>"]
    assert message.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
    assert f"To stop such messages, open this page: {address}" in words_of(message)
    assert "this address was given" not in words_of(message)
    raw = b"".join(file.read_bytes() for file in Path(settings.OUTBOX).glob("*.eml"))
    assert re.search(rb"^List-Unsubscribe:\s+<" + re.escape(address.encode()) + rb">\s*$", raw, re.M)
    assert all("List-Unsubscribe" not in earlier and "List-Unsubscribe-Post" not in earlier for earlier in before)


def test_a_get_changes_nothing(client):
    endorsement = an_endorsement(wants_updates=True)
    before = (list(Endorsement.objects.values()), EndorsementEvent.objects.count())
    page = client.get(news_page(endorsement))
    assert page.status_code == 200
    assert "Stop these messages" in text_of(page)
    assert "Keep river data public" in text_of(page)
    assert endorsement.printed_name not in text_of(page)
    assert client.head(news_page(endorsement)).status_code == 200
    assert (list(Endorsement.objects.values()), EndorsementEvent.objects.count()) == before
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "strict-origin"
    assert not page.cookies


def test_one_click_stops_them_without_a_cookie_and_the_signature_stands(sent):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    sent()
    an_update(letter)
    (message,) = sent()
    path = message["List-Unsubscribe"].strip(" <>").removeprefix("http://testserver")
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        stopped = program.post(path, {"List-Unsubscribe": "One-Click"})
        assert stopped.status_code == 200  # RFC 8058 wants no redirect
        assert "You get no more messages about what comes of the letter. The signature stands." in text_of(stopped)
        assert "Stop these messages" not in text_of(stopped)
    assert program.post(path, b"", content_type="text/plain").status_code == 200
    assert not program.cookies
    endorsement.refresh_from_db()
    assert (endorsement.status, endorsement.consents_to_contact) == ("approved", False)
    assert endorsement.events.filter(verb="unsubscribe").count() == 1
    assert letter.endorsements.listed().count() == 1
    an_update(letter, title="Another meeting")
    assert sent() == []


@pytest.mark.parametrize("state", ["withdrawn", "rejected", "expired"])
def test_after_its_end_the_page_says_that_there_is_nothing_to_stop(state, client):
    endorsement = an_endorsement(state=state, wants_updates=True)
    for answer in (client.get(news_page(endorsement)), client.post(news_page(endorsement))):
        assert answer.status_code == 200
        assert "The signature has ended" in text_of(answer)


def test_who_was_asked_or_held_can_stop_them_too(client):
    for state in ("confirmed", "asked", "held"):
        endorsement = an_endorsement(state=state, wants_updates=True)
        page = text_of(client.post(news_page(endorsement)))
        assert "You get no more messages" in page
        assert "The signature stands" not in page
        endorsement.refresh_from_db()
        assert (endorsement.status, endorsement.consents_to_contact) == (state, False)


def test_of_a_letter_that_is_taken_down_the_page_shows_no_title(client):
    letter = an_old_letter()
    endorsement = an_endorsement(letter, wants_updates=True)
    lifecycle.take_down(letter, by=None, note="For their safety.")
    page = text_of(client.get(news_page(endorsement)))
    assert "Stop these messages" in page
    assert "Keep river data public" not in page
    client.post(news_page(endorsement))
    endorsement.refresh_from_db()
    assert not endorsement.consents_to_contact


@pytest.mark.parametrize("purpose", [links.Purpose.CONFIRM, links.Purpose.MANAGE, links.Purpose.INVITATION])
def test_no_other_link_opens_the_page_that_stops_them(purpose, client):
    endorsement = an_endorsement(wants_updates=True)
    path = f"/en/endorsements/{a_token(endorsement, purpose)}/news/"
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 404
        assert "This link does not work" in text_of(answer)
    endorsement.refresh_from_db()
    assert endorsement.consents_to_contact


@pytest.mark.parametrize("purpose", [links.Purpose.NEWS, links.Purpose.INVITATION])
def test_the_link_that_stops_them_opens_nothing_else(purpose, client):
    endorsement = an_endorsement(wants_updates=True)
    path = f"/en/endorsements/{a_token(endorsement, purpose)}/"
    answers = [client.get(path), client.head(path)]
    answers += [client.post(path, {"action": action}) for action in ("withdraw", "lower", "subscribe", "confirm", "")]
    assert {answer.status_code for answer in answers} == {404}
    assert "This link does not work" in text_of(answers[0])
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"


def test_an_altered_or_replaced_link_stops_nothing(client):
    endorsement = an_endorsement(wants_updates=True)
    path = news_page(endorsement)
    altered = path.replace(endorsement.public_id, an_endorsement().public_id)
    for wrong in (altered, news_page(endorsement, epoch=1)):
        assert client.post(wrong).status_code == 404
    assert client.put(path).status_code == 405
    endorsement.refresh_from_db()
    assert endorsement.consents_to_contact


def test_its_token_stands_in_no_log(caplog):
    endorsement = an_endorsement(wants_updates=True)
    token = a_token(endorsement)
    for path in (f"/en/endorsements/{token}/news/", f"/fr/endorsements/{token[:30]}/news/"):
        assert links.redact(f'"POST {path} HTTP/1.1" 200').endswith('/endorsements/…/news/ HTTP/1.1" 200')
        record = logging.makeLogRecord({"msg": "Gone: %s", "args": (path,), "levelno": logging.ERROR})
        Discreet().filter(record)
        assert endorsement.public_id not in record.getMessage()
        assert "/endorsements/…/news/" in record.getMessage()


# On the representative's own page


def test_the_own_page_says_whether_and_has_a_button_both_ways(client):
    endorsement = an_endorsement(wants_updates=True)
    path = own_page(endorsement)
    assert "You get a message when an addressee answers" in text_of(client.get(path))
    for _ in range(2):
        stopped = client.post(path, {"action": "unsubscribe"}, follow=True)
        assert "You get no messages about what comes of the letter." in text_of(stopped)
    for _ in range(2):
        asked = client.post(path, {"action": "subscribe"}, follow=True)
        assert "Stop these messages" in text_of(asked)
    endorsement.refresh_from_db()
    assert (endorsement.status, endorsement.consents_to_contact) == ("approved", True)
    steps = endorsement.events.filter(verb__in=["subscribe", "unsubscribe"]).order_by("pk")
    assert [event.verb for event in steps] == ["unsubscribe", "subscribe"]


def test_stopping_or_asking_shows_the_public_nothing(client):
    letter = an_old_letter()
    endorsement = an_endorsement(letter)
    letter.refresh_from_db()
    revision = letter.revision
    endorsing.subscribe(endorsement)
    endorsing.unsubscribe(endorsement)
    letter.refresh_from_db()
    assert letter.revision == revision


def test_nothing_is_offered_where_it_can_not_be_taken(client):
    endorsement = an_endorsement(state="withdrawn", wants_updates=True)
    page = text_of(client.get(own_page(endorsement)))
    assert "Stop these messages" not in page
    refused = client.post(own_page(endorsement), {"action": "unsubscribe"})
    assert refused.status_code == 409
    confirming = f"/en/endorsements/{a_token(an_endorsement(state='submitted'), links.Purpose.CONFIRM)}/"
    assert client.post(confirming, {"action": "subscribe"}).status_code == 400


def test_asking_for_them_stands_in_the_way_of_no_mail_and_of_no_undoing(sent):
    endorsement = an_endorsement()
    endorsing.subscribe(endorsement)
    assert [message["Subject"].split(":")[0] for message in sent()][-1] == "Published"
    endorsing.undo(endorsement, by=UserFactory(administrator=True))
    endorsement.refresh_from_db()
    assert (endorsement.status, endorsement.consents_to_contact) == ("confirmed", True)


def test_a_quoted_address_stays_whole():
    address = "https://www.example.org/en/documents/country-reports/a-very-long-path/with-hyphens/2026-11-24.pdf"
    assert address in mail._quoted(f"See {address}")
