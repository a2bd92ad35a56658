"""What the public reads of what came of a letter: its timeline, each addressee's state, the conveners' verdicts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from letters import lifecycle, responding, timeline
from letters.attachments import Checked
from letters.models import Addressee, Letter, Version
from tests.factories import NOON, a_letter, an_endorsement
from tests.letters.test_responding import PDF, a_response, an_update, delivered
from tests.reading import links_of
from tests.reading import text_of as words_of

pytestmark = pytest.mark.django_db


def day(number: int) -> Any:
    """So many days after the letter opened."""
    return NOON + timedelta(days=number)


def kinds(letter: Letter, at: Any) -> list[str]:
    return [entry.kind for entry in timeline.entries(letter, at)]


def text_of(page: Any) -> str:
    """The words of a page, without the space before a colon or comma that stands after marked-up words."""
    return words_of(page).replace("\xa0", " ").replace(" :", ":").replace(" ,", ",")


def read(letter: Letter, at: Any) -> Any:
    with time_machine.travel(at, tick=False):
        return Client().get(letter.get_absolute_url())


@pytest.fixture
def letter() -> Letter:
    return a_letter(at=NOON)


def test_a_letter_that_has_just_opened_says_so_and_no_more(letter):
    assert kinds(letter, NOON) == ["opened"]
    text = text_of(read(letter, day(1)))
    assert "Opened for signature" in text
    assert "What the addressees answered" not in text


def test_the_end_of_signing_shows_whether_or_not_a_job_has_written_it(letter):
    assert kinds(letter, day(14) - timedelta(seconds=1)) == ["opened"]
    assert kinds(letter, day(14)) == ["closed", "opened"]
    lifecycle.close(letter, by=None, at=day(14) + timedelta(minutes=5))
    assert [(e.kind, e.at) for e in timeline.entries(letter, day(15))] == [("closed", day(14)), ("opened", NOON)]
    assert "Closed for signature" in text_of(read(letter, day(15)))


def test_closing_early_extending_and_reopening_are_told(letter):
    lifecycle.extend(letter, by=None, closes_at=day(20), note="More time.", at=day(1))
    lifecycle.close(letter, by=None, at=day(2))
    assert kinds(letter, day(2)) == ["closed", "extended", "opened"]
    lifecycle.reopen(letter, by=None, closes_at=day(30), note="Once more.", at=day(3))
    assert kinds(letter, day(3)) == ["reopened", "closed", "extended", "opened"]
    assert kinds(letter, day(30)) == ["closed", "reopened", "closed", "extended", "opened"]
    text = text_of(read(letter, day(4)))
    assert "Opened again for signature" in text
    assert "The deadline was extended" in text
    assert "Once more." not in text


def test_the_latest_change_of_the_deadline_names_the_new_one(letter):
    lifecycle.extend(letter, by=None, closes_at=day(20), note="More time.", at=day(1))
    assert "The deadline was extended New deadline: Monday 14 December 2026, 12:00 UTC" in text_of(read(letter, day(1)))
    lifecycle.extend(letter, by=None, closes_at=day(21), note="Still more.", at=day(2))
    text = text_of(read(letter, day(2)))
    assert text.count("The deadline was extended") == 2
    assert text.count("New deadline: Tuesday 15 December 2026") == 1
    assert "14 December" not in text, "nothing keeps the deadline that stood in between"
    (later, earlier, _) = timeline.entries(letter, day(2))
    assert (later.thing, earlier.thing) == (day(21), None)
    (earlier, _) = timeline.entries(letter, day(1))
    assert earlier.thing is None, "what comes later is not told of what went before"
    lifecycle.close(letter, by=None, at=day(3))
    lifecycle.reopen(letter, by=None, closes_at=day(30), note="Once more.", at=day(4))
    text = text_of(read(letter, day(4)))
    assert "Opened again for signature New deadline: Thursday 24 December 2026, 12:00 UTC" in text
    assert text.count("New deadline") == 1


def test_deliveries_and_the_conclusion_are_told(letter):
    lifecycle.close(letter, by=None, at=day(1))
    delivered(letter, day(2))
    delivered(letter, day(5), number=2)
    lifecycle.conclude(letter, by=None, note="For the desk.", at=day(9))
    assert kinds(letter, day(4)) == ["delivered", "closed", "opened"]
    assert kinds(letter, day(9)) == ["concluded", "delivered", "delivered", "closed", "opened"]
    text = text_of(read(letter, day(10)))
    assert "delivery 2 With 2 organisations." in text
    assert "Concluded The conveners expect nothing more." in text
    assert "For the desk." not in text


def test_a_delivery_before_the_deadline_ends_signing_itself(letter):
    delivered(letter, day(2))
    assert kinds(letter, day(20)) == ["delivered", "opened"]


def test_an_amendment_is_told_with_what_changed(letter):
    sealed = {"sealed_at": day(2), "digest": "0" * 64}
    Version.objects.create(letter=letter, number=2, change="material", note="The third demand is new.", **sealed)
    assert kinds(letter, day(1)) == ["opened"]
    (entry, _) = timeline.entries(letter, day(2))
    assert (entry.kind, entry.thing.note) == ("amended", "The third demand is new.")


def test_an_update_is_labelled_as_the_conveners_and_a_confidential_response_keeps_its_text(letter):
    an_update(letter, dated_on=date(2026, 11, 26), title="اجتماع", body="**نجح**", language="ar", at=day(5))
    a_response(letter, dated_on=date(2026, 11, 25), text="Sealed lips", is_published=False, verdicts={1: "not_met"},
               files=[Checked("Secret annex", "pdf", PDF)], at=day(5))  # fmt: skip
    assert kinds(letter, day(5)) == ["update", "response", "opened"]
    page = read(letter, day(5))
    text, body = text_of(page), page.content.decode()
    assert "Update by the conveners. It is not part of the signed text." in text
    assert 'lang="ar" dir="rtl">اجتماع' in body
    assert "<strong>نجح</strong>" in body
    assert "25 November 2026 Response: answered in substance Commission on Shared Rivers" in text
    secret = letter.attachments.get()
    for hidden in ("Sealed lips", "Secret annex", secret.public_id, "not met"):
        assert hidden not in body
    for path in ("/en/", f"{letter.get_absolute_url()}signatories/", f"{letter.get_absolute_url()}in/en/"):
        assert "Sealed lips" not in Client().get(path).content.decode()


def test_a_published_response_is_read_with_its_files_and_language(letter):
    files = [Checked("Réponse", "pdf", PDF)]
    text = "Nous **publierons**. <script>x</script>"
    a_response(letter, language="fr", text=text, files=files, dated_on=date(2026, 11, 28), at=day(5))
    page = read(letter, day(5))
    body = page.content.decode()
    assert 'lang="fr" dir="ltr"' in body
    assert "<strong>publierons</strong>" in body
    assert "<script" not in body
    assert f"Réponse PDF, {len(PDF)} bytes" in text_of(page)
    assert f"/letters/{letter.slug}/attachments/{letter.attachments.get().public_id}/" in links_of(page)
    assert "#response-1" in links_of(page)
    assert 'id="response-1"' in body


def test_each_addressee_stands_where_it_stands(letter):
    main = letter.addressees.get()
    second = Addressee.objects.create(letter=letter, office="Ministry of Water", order=1)
    Addressee.objects.create(letter=letter, office="Kept informed", order=2, is_copied=True)
    delivered(letter, day(1))

    def states(at: Any) -> list[Any]:
        return [(s.addressee, s.latest and s.latest.kind, s.days) for s in timeline.Outcome(letter, at).states]

    assert states(day(1)) == [(main, None, 0), (second, None, 0)]
    assert "Ministry of Water: no reply yet" in text_of(read(letter, day(1)))
    a_response(letter, addressee=second, kind="acknowledged", dated_on=day(2).date(), at=day(3))
    assert states(day(4)) == [(main, None, 3), (second, "acknowledged", 3)]
    text = text_of(read(letter, day(4)))
    assert "Commission on Shared Rivers: no reply for 3 days" in text
    assert "Ministry of Water: receipt acknowledged on 26 November 2026; no reply for 3 days" in text
    assert "Kept informed:" not in text
    a_response(letter, addressee=second, kind="substantive", dated_on=day(5).date(), at=day(6))
    a_response(letter, addressee=second, kind="acknowledged", dated_on=day(6).date(), at=day(6))
    assert states(day(7)) == [(main, None, 6), (second, "substantive", None)]
    assert "Ministry of Water: answered in substance on 29 November 2026" in text_of(read(letter, day(7)))


def test_of_a_concluded_letter_no_days_are_counted(letter):
    second = Addressee.objects.create(letter=letter, office="Ministry of Water", order=1)
    third = Addressee.objects.create(letter=letter, office="River Board", order=2)
    delivered(letter, day(1))
    delivered(letter, day(3), number=2)
    a_response(letter, addressee=second, kind="acknowledged", dated_on=day(2).date(), at=day(3))
    a_response(letter, addressee=third, kind="refused", dated_on=day(2).date(), at=day(3))
    lifecycle.conclude(letter, by=None, at=day(4))
    text = text_of(read(letter, day(40)))
    assert "Commission on Shared Rivers: no reply; delivered on 25 November 2026" in text
    acknowledged = "Ministry of Water: receipt acknowledged on 26 November 2026; "
    assert f"{acknowledged}no reply; delivered on 25 November 2026" in text
    assert "River Board: refused to answer on 26 November 2026 " in text
    assert "no reply for" not in text


def test_the_days_grow_with_the_calendar_without_anybody_acting(letter):
    delivered(letter, day(0))
    assert "no reply for 1 day" in text_of(read(letter, day(1)))
    assert "no reply for 2 days" in text_of(read(letter, day(2)))


def test_the_latest_verdict_on_each_demand_is_the_conveners(letter):
    first = a_response(letter, verdicts={1: "not_met"}, at=day(9), dated_on=date(2026, 11, 25))
    assert "Publish by default. not met" in text_of(read(letter, day(9)))
    a_response(letter, verdicts={1: "partly"}, at=day(9), dated_on=date(2026, 11, 27))
    page = read(letter, day(9))
    text = text_of(page)
    assert "The conveners’ assessment" in text
    assert "It is their judgement" in text
    assert "Publish by default. partly met Commission on Shared Rivers, 27 November 2026" in text
    assert "Publish by default. not met" not in text
    responding.correct_response(
        letter, by=None, response=first, addressee=first.addressee, kind="refused", dated_on=first.dated_on,
        language="en", text="", is_published=True, verdicts={}, files=[], at=day(9),
    )  # fmt: skip
    assert "refused to answer" in text_of(read(letter, day(9)))


def test_a_letter_that_takes_its_place_is_named_when_the_public_may_see_it(letter):
    newer = a_letter(title="Keep all data public", supersedes=letter, at=day(3), audience="team")
    assert kinds(letter, day(4)) == ["opened"]
    lifecycle.set_audience(newer, by=None, audience="public", public_from=None, note="", at=day(4))
    assert kinds(letter, day(4)) == ["superseded", "opened"]
    page = read(letter, day(4))
    assert "Another letter takes its place Keep all data public" in text_of(page)
    assert newer.get_absolute_url() in links_of(page)


def test_the_letter_that_it_supersedes_is_named_while_the_public_may_see_that_one(letter, django_assert_num_queries):
    older = letter
    newer = a_letter(title="Keep all data public", supersedes=older, at=day(1), texts={"fr": "Données publiques"})
    said = "Takes the place of: Keep river data public"
    page = read(newer, day(1))
    assert said in text_of(page)
    assert older.get_absolute_url() in links_of(page)
    assert said in text_of(Client().get(f"{newer.get_absolute_url()}in/fr/"))
    assert "Takes the place of" not in text_of(read(older, day(1)))

    def seen(at: Any, etag: str = "") -> Any:
        with time_machine.travel(at, tick=False):
            return Client().get(newer.get_absolute_url(), headers={"If-None-Match": etag})

    with django_assert_num_queries(2):
        seen(day(1))  # the letter and the site; all the rest is kept
    lifecycle.set_audience(older, by=None, audience="public", public_from=day(3), note="Not yet.", at=day(1))
    hidden = seen(day(1), page["ETag"])
    assert hidden.status_code == 200, "what somebody has of it already is not called good any more"
    assert older.slug not in hidden.content.decode()
    assert "river data" not in hidden.content.decode()
    again = seen(day(3), hidden["ETag"])
    assert said in text_of(again)
    lifecycle.take_down(older, by=None, note="For their safety.", at=day(3))
    assert older.slug not in seen(day(3), again["ETag"]).content.decode()
    lifecycle.restore(older, by=None, note="Safe again.", at=day(3))
    assert said in text_of(seen(day(3)))
    lifecycle.set_audience(older, by=None, audience="team", public_from=None, note="Quietly.", at=day(3))
    assert older.slug not in seen(day(3)).content.decode()


def test_nothing_of_staff_and_endorsements_is_told(letter):
    an_endorsement(letter, at=day(1))
    lifecycle.allow_late(letter, by=None, late_until=day(60), note="Quietly.", at=day(1))
    lifecycle.take_down(letter, by=None, note="For their safety.", at=day(2))
    lifecycle.restore(letter, by=None, note="Safe again.", at=day(2))
    assert kinds(letter, day(3)) == ["opened"]


def test_the_number_of_queries_does_not_grow(letter, django_assert_num_queries):
    busy = delivered(a_letter(at=NOON), day(1))
    for number in range(3):
        a_response(
            busy,
            verdicts={1: "met"},
            files=[Checked("x", "pdf", PDF)] * 2,
            text=str(number),
            at=day(30),
            dated_on=day(number).date(),
        )
        an_update(busy, title=f"News {number}", files=[Checked("x", "pdf", PDF)], at=day(30))
    for found in (Letter.objects.get(pk=letter.pk), Letter.objects.get(pk=busy.pk)):
        text = found.version.texts.get()
        with django_assert_num_queries(7):
            timeline.entries(found, day(31))
        with django_assert_num_queries(9):
            timeline.about_responses(found, text, day(31))
