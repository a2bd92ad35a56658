"""The whole life of one letter in three languages; after each step every surface gives the same count."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from pypdf import PdfReader

from letters import amending, delivering, lifecycle, record, responding
from letters.models import Letter, Response
from letters.tasks import write_records
from tests.factories import NOON, a_letter, an_endorsement, an_organisation
from tests.reading import count_on, link_in, text_of, words_of

pytestmark = pytest.mark.django_db

NAMES = ["Amani Water Trust", "Observatorio del Río Vivo", "جمعية أصدقاء النهر", "Wells Union", "流域資料公社"]


def test_a_letter_from_its_draft_to_its_conclusion(run_jobs, outbox):
    embargo = NOON + timedelta(days=10)
    with time_machine.travel(NOON, tick=False) as clock:
        letter = a_letter(
            state="draft",
            title="Keep river data public",
            texts={"fr": "Rendre publiques les données des rivières", "ar": "انشروا بيانات الأنهار"},
            public_from=embargo,
            slug="rivers",
            late_until=NOON + timedelta(days=90),
        )
        lifecycle.open(letter, by=None)
        for name in NAMES:
            an_endorsement(letter, an_organisation(name, country="KE"))
        run_jobs(documents=True)
        assert _surfaces(letter) == {404}

        # A slip is corrected: everybody is told, and the signatures stand.
        clock.shift(timedelta(days=1))
        _amend(letter, "We live with the rivers.\n\nWe ask to be told in time.", "typo")
        mails = _mails_of(run_jobs, outbox)
        assert len(mails) == 5
        assert all("corrected a slip" in words_of(mail) for mail in mails)
        assert letter.endorsements.counted().count() == 5

        # The substance changes: three keep their signature, one withdraws, one stays silent.
        clock.shift(timedelta(days=1))
        until = NOON + timedelta(days=8)
        _amend(letter, "We live with the rivers.\n\nWe ask to be heard.", "material", until)
        mails = _mails_of(run_jobs, outbox)
        assert len(mails) == 5
        assert letter.endorsements.counted().count() == 0
        links = {name: link_in(mail) for mail in mails for name in NAMES if name in words_of(mail)}
        for name in NAMES[:3]:
            page = Client().get(links[name])
            assert "heard" in text_of(page)
            Client().post(links[name], {"action": "reconsent", "version": "3"})
        Client().post(links[NAMES[3]], {"action": "withdraw"})
        assert letter.endorsements.counted().count() == 3
        clock.move_to(until + timedelta(hours=1))
        late = Client().post(links[NAMES[4]], {"action": "reconsent", "version": "3"})
        assert late.status_code == 409
        write_records.func(0)
        run_jobs(documents=True)
        assert _surfaces(letter) == {404}

        # The embargo passes: no job runs, and everything is there.
        clock.move_to(embargo - timedelta(seconds=1))
        assert _surfaces(letter) == {404}
        clock.move_to(embargo + timedelta(seconds=1))
        assert _surfaces(letter) == {200}
        assert _counts(letter) == {3}
        page = Client().get(letter.get_absolute_url())
        assert all((name in text_of(page)) == (name in NAMES[:3]) for name in NAMES)

        # It is delivered; one more signs late, and makes the second delivery.
        letter.refresh_from_db()
        delivering.deliver(letter, by=None, channel="post", reference="RR 1")
        run_jobs(documents=True)
        assert _counts(letter) == {3}
        first = {file.pk: file.sha256 for file in letter.deliveries.get().files.all()}
        assert len(first) == 9
        clock.shift(timedelta(days=2))
        an_endorsement(letter, an_organisation("Late Forum", country="FR"))
        write_records.func(0)
        run_jobs(documents=True)
        assert _counts(letter) == {4}
        assert "signed after delivery 1" in text_of(Client().get(letter.get_absolute_url()))
        delivering.deliver(letter, by=None, channel="post")
        run_jobs(documents=True)
        assert [delivery.count for delivery in letter.deliveries.all()] == [3, 4]
        assert {file.pk: file.sha256 for file in letter.deliveries.get(number=1).files.all()} == first

        # The addressee answers, the conveners judge, and the letter is concluded.
        clock.shift(timedelta(days=3))
        assert "no reply for 5 days" in text_of(Client().get(letter.get_absolute_url()))
        responding.respond(
            letter,
            by=None,
            addressee=letter.addressees.get(),
            kind=Response.Kind.SUBSTANTIVE,
            dated_on=(NOON + timedelta(days=14)).date(),
            language="en",
            text="We shall publish.",
            is_published=True,
            verdicts={1: "partly"},
            files=[],
        )
        page = text_of(Client().get(letter.get_absolute_url()))
        assert "We shall publish." in page
        assert "partly met" in page
        lifecycle.conclude(letter, by=None, note="Enough.")
        run_jobs(documents=True)
        assert _surfaces(letter) == {200}
        assert _counts(letter) == {4}
        kinds = [entry["content"]["kind"] for entry in _record(letter)["entries"]]
        assert kinds == ["sealed", "opened", "sealed", "sealed", "list", "delivery", "list", "delivery", "concluded"]
        assert record.verify(Client().get("/letters/rivers/record.json").content) is None


def _amend(letter: Letter, body: str, change: str, until: Any = None) -> None:
    amending.prepare(letter, by=None)
    letter.versions.get(sealed_at=None).texts.update(body=body)
    amending.amend(letter, by=None, change=change, note="What changed.", reconsent_until=until)


def _mails_of(run_jobs: Any, outbox: Any) -> list[Any]:
    before = len(outbox())
    run_jobs()
    return outbox()[before:]


def _surfaces(letter: Letter) -> set[int]:
    """The answers of every public address of the letter."""
    page = letter.get_absolute_url()
    paths = [page, f"{page}in/fr/", f"{page}in/ar/", f"{page}signatories/", f"{page}versions/"]
    paths += ["/letters/rivers/record.json", "/letters/rivers/versions/1.json"]
    paths += [f"/letters/rivers/letter.{kind}?lang={tag}" for kind in ("pdf", "docx", "txt") for tag in ("en", "ar")]
    return {Client().get(path).status_code for path in paths}


def _record(letter: Letter) -> Any:
    return json.loads(Client().get("/letters/rivers/record.json").content)


def _counts(letter: Letter) -> set[int]:
    """The number of organisations that each surface gives."""
    page = letter.get_absolute_url()
    found = {count_on(Client().get(path)) for path in (page, f"{page}in/ar/", f"{page}signatories/")}
    home = re.search(r"(\d+) organisations?", text_of(Client().get("/en/")))
    pdf = PdfReader(io.BytesIO(Client().get("/letters/rivers/letter.pdf?lang=en").content))
    printed = re.search(r"(\d+)\s+organisations?", " ".join(sheet.extract_text() for sheet in pdf.pages))
    text = re.search(r"(\d+) organisations?", Client().get("/letters/rivers/letter.txt?lang=en").content.decode())
    recorded = next(e["content"]["count"] for e in reversed(_record(letter)["entries"]) if "count" in e["content"])
    assert home
    assert printed
    assert text
    return found | {int(home[1]), int(printed[1]), int(text[1]), recorded}
