"""Responses, updates and their files: what the verbs keep and refuse, what is handed out, and the pages of the desk."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError
from django.test import Client
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import attachments, lifecycle, responding, timeline
from letters.attachments import Checked, Refused
from letters.drafting import Changed
from letters.models import Addressee, Attachment, Delivery, Letter, LetterRole, Response, Update
from tests.factories import NOON, UserFactory, a_letter, a_moderator, an_old_letter
from tests.reading import text_of

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
ODT_TYPE = "application/vnd.oasis.opendocument.text"


def packed(**members: bytes) -> bytes:
    """A ZIP; `__` in a name stands for a slash, `_dot_` for a dot."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def a_docx(**more: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        for name, content in more.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def delivered(letter: Letter, at: Any, number: int = 1, channel: str = "post") -> Letter:
    """As though it had been handed over at that instant."""
    Delivery.objects.create(
        letter=letter,
        number=number,
        version=letter.version,
        at=at,
        channel=channel,
        count=2,
        named=1,
        withheld={"KE": 1},
    )
    Letter.objects.filter(pk=letter.pk).update(status="delivered")
    letter.refresh_from_db()
    return letter


def a_response(letter: Letter, **said: Any) -> Response:
    """Recorded by the verb."""
    values: dict[str, Any] = {
        "addressee": letter.addressees.first(),
        "kind": "substantive",
        "dated_on": date(2026, 1, 2),
        "language": "en",
        "text": "We thank you.",
        "is_published": True,
        "verdicts": {},
        "files": [],
    }
    responding.respond(letter, by=None, **values | said)
    return letter.responses.order_by("pk").last()


def an_update(letter: Letter, **said: Any) -> Update:
    values: dict[str, Any] = {
        "dated_on": date(2026, 1, 3),
        "language": "en",
        "title": "A meeting",
        "body": "",
        "files": [],
    }
    responding.post_update(letter, by=None, **values | said)
    return letter.updates.order_by("pk").last()


def url_of(attachment: Attachment) -> str:
    return f"/letters/{attachment.letter.slug}/attachments/{attachment.public_id}/"


# The verbs


def test_a_response_is_kept_with_its_verdicts_and_files():
    letter = an_old_letter()
    letter.refresh_from_db()
    revision = letter.revision
    response = a_response(letter, verdicts={1: "partly"}, files=[Checked("Reply", "pdf", PDF)], language="EN-gb")
    assert (response.kind, response.language, response.text) == ("substantive", "en-GB", "We thank you.")
    assert [(a.demand, a.verdict) for a in response.assessments.all()] == [(1, "partly")]
    (file,) = response.attachments.all()
    assert (file.title, file.format, file.size, file.sha256) == ("Reply", "pdf", len(PDF), sha256(PDF).hexdigest())
    with file.file.open("rb") as kept:
        assert kept.read() == PDF
    assert "Reply" not in file.file.name
    assert letter.events.last().verb == "respond"
    letter.refresh_from_db()
    assert letter.revision == revision + 1


def test_a_correction_takes_the_place_of_what_was_said(django_capture_on_commit_callbacks):
    letter = an_old_letter()
    other = Addressee.objects.create(letter=letter, office="Ministry of Water", order=1)
    response = a_response(
        letter, verdicts={1: "met"}, files=[Checked("Wrong", "pdf", PDF), Checked("Kept", "pdf", PDF)]
    )
    wrong = response.attachments.get(title="Wrong")
    with django_capture_on_commit_callbacks(execute=True):
        responding.correct_response(
            letter, by=None, response=response, addressee=other, kind="refused", dated_on=date(2026, 2, 2),
            language="fr", text="Non.", is_published=False, verdicts={}, files=[], removed={wrong.public_id},
        )  # fmt: skip
    response.refresh_from_db()
    assert (response.addressee, response.kind, response.text, response.is_published) == (
        other,
        "refused",
        "Non.",
        False,
    )
    assert not response.assessments.exists()
    assert [file.title for file in response.attachments.all()] == ["Kept"]
    assert not wrong.file.storage.exists(wrong.file.name)
    assert letter.responses.count() == 1


@pytest.mark.parametrize("record", [a_response, an_update])
def test_of_what_fails_no_file_is_left(record):
    letter = an_old_letter()
    record(letter, files=[Checked("Kept", "pdf", PDF)])
    files = [Checked("Reply", "pdf", PDF + b"%"), Checked("x" * 201, "pdf", PDF)]
    with pytest.raises(DataError):
        record(letter, files=files)
    kept = letter.attachments.get()
    assert default_storage.listdir("attachments") == ([], [str(kept.file.name).removeprefix("attachments/")])


def test_a_correction_that_fails_takes_no_file_and_leaves_none(django_capture_on_commit_callbacks):
    letter = an_old_letter()
    response = a_response(letter, files=[Checked("Kept", "pdf", PDF)])
    kept = response.attachments.get()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(DataError):
        responding.correct_response(
            letter, by=None, response=response, addressee=response.addressee, kind="partial", language="en", text="",
            dated_on=response.dated_on, is_published=True, verdicts={}, removed={kept.public_id},
            files=[Checked("Reply", "pdf", PDF), Checked("x" * 201, "pdf", PDF)],
        )  # fmt: skip
    response.refresh_from_db()
    assert response.kind == "substantive"
    assert default_storage.listdir("attachments") == ([], [str(kept.file.name).removeprefix("attachments/")])


def test_an_update_is_posted_and_corrected():
    letter = an_old_letter()
    update = an_update(letter, title="A metting", files=[Checked("Minutes", "txt", b"Minutes")])
    responding.correct_update(
        letter,
        by=None,
        update=update,
        dated_on=date(2026, 1, 4),
        language="en",
        title="A meeting",
        body="*Well.*",
        files=[],
    )
    update.refresh_from_db()
    assert (update.title, update.body, update.dated_on) == ("A meeting", "*Well.*", date(2026, 1, 4))
    assert update.attachments.count() == 1
    assert [event.verb for event in letter.events.order_by("pk")][-2:] == ["post_update", "correct_update"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"dated_on": date(2999, 1, 1)}, "The date lies in the future."),
        ({"kind": "shrugged"}, "Choose what kind of response it is."),
        ({"verdicts": {2: "met"}}, "Assess only demands of the present text."),
        ({"verdicts": {0: "met"}}, "Assess only demands of the present text."),
        ({"verdicts": {1: "perhaps"}}, "Choose an assessment from the list."),
        ({"language": "klingonese"}, "is not one language tag"),
    ],
)
def test_a_response_that_makes_no_sense_is_refused_in_a_sentence(said, sentence):
    letter = an_old_letter()
    with pytest.raises(NotAllowed, match=sentence):
        a_response(letter, **said)
    assert not letter.responses.exists()
    assert letter.events.last().verb == "open"


def test_only_the_letters_own_addressees_responses_and_updates_are_meant():
    letter, other = an_old_letter(), an_old_letter()
    with pytest.raises(NotAllowed, match="one of this letter’s addressees"):
        a_response(letter, addressee=other.addressees.get())
    response, update = a_response(other), an_update(other)
    said = {"dated_on": date(2026, 1, 1), "language": "en", "files": []}
    with pytest.raises(NotAllowed, match="a response to this letter"):
        responding.correct_response(
            letter, by=None, response=response, addressee=letter.addressees.get(), kind="partial", text="",
            is_published=True, verdicts={}, **said,
        )  # fmt: skip
    with pytest.raises(NotAllowed, match="an update on this letter"):
        responding.correct_update(letter, by=None, update=update, title="x", body="", **said)
    with pytest.raises(NotAllowed, match="a title"):
        an_update(letter, title="")


def test_no_response_is_older_than_its_letter():
    letter = a_letter(time_zone="Pacific/Auckland", at=NOON)
    with pytest.raises(NotAllowed, match="The letter is of 25 November 2026, and no response can be older"):
        a_response(letter, dated_on=date(2026, 11, 24), at=NOON)
    response = a_response(letter, dated_on=date(2026, 11, 25), at=NOON)
    with pytest.raises(NotAllowed, match="no response can be older"):
        responding.correct_response(
            letter, by=None, response=response, addressee=response.addressee, kind="partial", text="", language="en",
            dated_on=date(2026, 11, 24), is_published=True, verdicts={}, files=[], at=NOON,
        )  # fmt: skip
    recorded = a_letter(state="recorded", dated_on=date(2020, 5, 1))
    with pytest.raises(NotAllowed, match="The letter is of 1 May 2020"):
        a_response(recorded, dated_on=date(2020, 4, 30))
    assert a_response(recorded, dated_on=date(2020, 5, 1))
    assert a_response(a_letter(state="recorded"), dated_on=date(2001, 1, 1)), "Nobody knows its date."


def test_the_same_is_not_put_on_record_twice():
    letter = an_old_letter()
    reply, other = Checked("Reply", "pdf", PDF), Checked("Other", "pdf", PDF + b"%")
    there = a_response(letter, files=[reply])
    for files in ([], [reply]):
        with pytest.raises(responding.OnRecord, match="on record already") as refused:
            a_response(letter, files=files)
        assert refused.value.there == there
    a_response(letter, files=[reply, other])
    a_response(letter, kind="acknowledged")
    assert letter.responses.count() == 3
    an_update(letter)
    with pytest.raises(responding.OnRecord):
        an_update(letter)
    an_update(letter, body="In the plenary.")
    assert letter.updates.count() == 2


def test_back_and_press_again_adds_nothing_and_shows_what_is_there(desk, letter):
    addressee = letter.addressees.get()
    response = {
        "addressee": addressee.pk,
        "kind": "partial",
        "dated_on": "2026-01-05",
        "language": "en",
        "text": "Yes.",
    }
    update = {"dated_on": "2026-01-05", "language": "en", "title": "We were heard", "body": ""}
    for door, said in (("respond/", response), ("updates/add/", update)):
        form = f"{LETTERS}{letter.pk}/{door}"
        assert desk.post(form, said).status_code == 302
        again = desk.post(form, said)
        assert again.status_code == 422
        assert "The same is on record already, so nothing was added." in text_of(again)
        row = letter.responses.get() if door == "respond/" else letter.updates.get()
        of = "responses" if door == "respond/" else "updates"
        assert f'href="{LETTERS}{letter.pk}/{of}/{row.pk}/"' in again.content.decode()
    early = desk.post(f"{LETTERS}{letter.pk}/respond/", response | {"dated_on": "2025-12-31"})
    assert "The letter is of 1 January 2026, and no response can be older" in text_of(early)


def test_what_was_recorded_by_mistake_is_taken_off_with_its_files(desk, letter, django_capture_on_commit_callbacks):
    response = a_response(letter, verdicts={1: "met"}, files=[Checked("Reply", "pdf", PDF)])
    update = an_update(letter, files=[Checked("Minutes", "txt", b"Minutes")])
    with pytest.raises(NotAllowed, match="a response to this letter"):
        responding.remove_response(an_old_letter(), by=None, response=response)
    with pytest.raises(NotAllowed, match="an update on this letter"):
        responding.remove_update(an_old_letter(), by=None, update=update)
    for of, row in (("responses", response), ("updates", update)):
        door = f"{LETTERS}{letter.pk}/{of}/{row.pk}/"
        assert f'href="{door}remove/"' in desk.get(door).content.decode()
        page = desk.get(f"{door}remove/").content.decode()
        [seen] = re.findall(r'name="seen" value="([0-9a-f]+)"', page)
        type(row).objects.filter(pk=row.pk).update(language="fr")
        desk.post(f"{door}remove/", {"seen": seen})
        assert type(row).objects.filter(pk=row.pk).exists(), "Somebody changed it meanwhile."
        letter.refresh_from_db()
        revision = letter.revision
        with django_capture_on_commit_callbacks(execute=True):
            gone = desk.post(f"{door}remove/", {"seen": responding.token(row)}, follow=True)
        assert "Taken off the record. The public page no longer shows it." in text_of(gone)
        assert not type(row).objects.filter(pk=row.pk).exists()
        letter.refresh_from_db()
        assert letter.revision == revision + 1
        assert desk.get(f"{door}remove/").status_code == 404
    assert default_storage.listdir("attachments") == ([], [])
    assert [event.verb for event in letter.events.order_by("pk")][-2:] == ["remove_response", "remove_update"]
    page = text_of(Client().get(letter.get_absolute_url()))
    assert "We thank you." not in page
    assert "A meeting" not in page


def test_today_is_the_letters_own_day():
    letter = a_letter(time_zone="Pacific/Auckland", at=NOON)
    assert a_response(letter, dated_on=date(2026, 11, 25), at=NOON)
    with pytest.raises(NotAllowed, match="future"):
        a_response(letter, dated_on=date(2026, 11, 26), at=NOON)


def test_only_conveners_record_what_came_of_a_letter():
    letter = an_old_letter()
    with pytest.raises(NotAllowed):
        responding.post_update(
            letter, by=a_moderator(letter), dated_on=date(2026, 1, 1), language="en", title="x", body="", files=[]
        )
    assert not letter.updates.exists()


# Files


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("reply.pdf", PDF, "pdf"),
        ("reply.PDF", PDF, "pdf"),
        ("reply.docx", a_docx(), "docx"),
        ("reply.odt", packed(mimetype=ODT_TYPE.encode(), content_dot_xml=b"<x/>"), "odt"),
        ("reply.txt", "\ufeffПривіт, 世界\r\n".encode(), "txt"),
    ],
)
def test_a_document_is_taken_for_what_its_bytes_are(name, data, expected):
    assert attachments.check(SimpleUploadedFile(name, data)) == (expected, data)


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("page.html", b"<html>", "The content of “page.html” is not what its name says"),
        ("page.pdf", b"<html><script>alert(1)</script>", "Give it the ending .txt"),
        ("reply.txt", PDF, "Give it the ending .pdf"),
        ("reply.docx", packed(mimetype=ODT_TYPE.encode(), content_dot_xml=b"<x/>"), "Give it the ending .odt"),
        ("program.pdf", b"MZ\x90\x00\x03", "is not a PDF, DOCX, ODT or plain text file"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00", "is not a PDF"),
        ("archive.docx", packed(a_dot_txt=b"x"), "is not a PDF"),
        ("macro.docx", a_docx(word__vbaProject_dot_bin=b"x"), "is not a PDF"),
        ("broken.docx", a_docx()[:-30], "is not a PDF"),
        ("broken.docx", b"PK\x03\x04" + b"\x00" * 50, "is not a PDF"),
        ("latin.txt", b"Gr\xfc\xdfe", "is not a PDF"),
        ("empty.txt", b"", "is not a PDF"),
        ("nul.txt", b"a\x00b", "is not a PDF"),
        ("large.pdf", PDF + b"\x00" * attachments.LARGEST, "“large.pdf” is larger than 5 MB"),
    ],
)
def test_other_files_are_refused_in_a_sentence(name, data, sentence):
    with pytest.raises(Refused, match=sentence):
        attachments.check(SimpleUploadedFile(name, data))


def test_a_file_that_unpacks_to_too_much_is_refused_even_if_it_lies_about_it():
    bomb = a_docx(word__media=bytes(attachments.LARGEST_UNPACKED))
    assert len(bomb) < 100_000
    liar = bomb.replace(attachments.LARGEST_UNPACKED.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert liar != bomb
    crowd = a_docx(**{f"f{number}": b"" for number in range(attachments.MOST_MEMBERS)})
    for data in (bomb, liar, crowd):
        with pytest.raises(Refused, match="is not a PDF"):
            attachments.check(SimpleUploadedFile("reply.docx", data))


def test_a_file_is_handed_out_as_a_download_and_nothing_else():
    letter = an_old_letter(slug="rivers")
    response = a_response(letter, files=[Checked("Antwort/ünd <b>", "pdf", PDF)])
    file = response.attachments.get()
    answer = Client().get(url_of(file))
    assert answer.status_code == 200
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="rivers-{file.public_id}.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"] == "public, max-age=0, s-maxage=2, stale-while-revalidate=2"
    assert "Set-Cookie" not in answer
    assert Client().get(url_of(file), headers={"If-None-Match": answer["ETag"]}).status_code == 304
    assert Client().post(url_of(file)).status_code == 405


def test_a_file_is_there_only_while_the_public_may_see_it():
    letter = an_old_letter()
    open_file = an_update(letter, files=[Checked("News", "txt", b"News")]).attachments.get()
    hidden = a_response(letter, is_published=False, files=[Checked("Secret", "pdf", PDF)]).attachments.get()
    assert Client().get(url_of(open_file)).status_code == 200
    assert Client().get(url_of(hidden)).status_code == 404
    assert Client().get(f"/letters/{an_old_letter().slug}/attachments/{open_file.public_id}/").status_code == 404
    assert Client().get(f"/letters/{letter.slug}/attachments/nothing/").status_code == 404
    lifecycle.take_down(letter, by=None, note="For their safety.")
    assert Client().get(url_of(open_file)).status_code == 404


# Who has not replied


def test_awaiting_lists_delivered_letters_longest_first(django_assert_num_queries):
    days = [3, 40, 7]
    letters = [delivered(an_old_letter(), NOON - timedelta(days=number)) for number in days]
    delivered(letters[1], NOON - timedelta(days=1), number=2)
    answered = delivered(an_old_letter(), NOON - timedelta(days=99))
    a_response(answered, kind="refused")
    a_response(letters[0], kind="acknowledged")
    an_old_letter()
    copied = delivered(an_old_letter(), NOON - timedelta(days=50))
    Addressee.objects.create(letter=copied, office="A copy", is_copied=True, order=1)
    a_response(copied)
    administrator = UserFactory(administrator=True)
    with django_assert_num_queries(3):
        waiting = responding.awaiting(administrator, NOON)
        assert [awaited.letter for awaited in waiting] == [letters[1], letters[2], letters[0]]
    assert [responding.days_since(awaited.delivery.at, NOON) for awaited in waiting] == [40, 7, 3]


def test_nobody_waits_for_a_reply_from_whom_the_letter_has_not_reached():
    letter = delivered(an_old_letter(), NOON - timedelta(days=9), channel="email")
    silent = Addressee.objects.create(letter=letter, office="Office with an address", order=1, email="a@b.example")
    administrator = UserFactory(administrator=True)
    assert [awaited.addressee for awaited in responding.awaiting(administrator, NOON)] == [silent]
    assert [state.addressee for state in timeline.Outcome(letter, NOON).states] == [silent]
    delivered(letter, NOON - timedelta(days=2), number=2)
    waiting = responding.awaiting(administrator, NOON)
    assert [responding.days_since(awaited.delivery.at, NOON) for awaited in waiting] == [9, 2]
    assert [state.days for state in timeline.Outcome(letter, NOON).states] == [2, 9]


def test_awaiting_knows_only_the_letters_that_one_convenes():
    letter = delivered(an_old_letter(), NOON)
    amina = a_moderator(letter, LetterRole.Role.CONVENER)
    assert [awaited.letter for awaited in responding.awaiting(amina, NOON)] == [letter]
    assert not responding.awaiting(amina, NOON - timedelta(seconds=1))
    assert not responding.awaiting(a_moderator(letter), NOON)


def test_days_are_whole_days_by_the_calendar_in_utc():
    evening = NOON.replace(hour=23, minute=59)
    assert responding.days_since(evening, evening + timedelta(seconds=30)) == 0
    assert responding.days_since(evening, evening + timedelta(minutes=2)) == 1


# The desk

LETTERS = "/admin/letters/letter/"


@pytest.fixture
def letter() -> Letter:
    return an_old_letter(title="Keep river data public")


@pytest.fixture
def desk(client, letter) -> Client:
    """Amina, a convener, at the desk."""
    client.force_login(a_moderator(letter, LetterRole.Role.CONVENER, name="Amina"))
    return client


def typed(letter: Letter, **said: Any) -> dict[str, Any]:
    values = {
        "addressee": letter.addressees.first().pk,
        "kind": "partial",
        "dated_on": "2026-01-02",
        "language": "en",
        "text": "We **thank** you.",
        "is_published": "on",
        "verdict_1": "partly",
    }
    return values | said


def seen_on(page: Any) -> str:
    """What a page says of the state that it was made from."""
    found = re.search(r'name="seen" value="(\w+)"', page.content.decode())
    assert found
    return found[1]


def test_a_response_is_recorded_at_the_desk(desk, letter):
    page = desk.get(f"{LETTERS}{letter.pk}/respond/")
    assert "Publish by default." in text_of(page)
    files = [SimpleUploadedFile("Reply.pdf", PDF), SimpleUploadedFile("Notes.txt", b"Notes")]
    answer = desk.post(f"{LETTERS}{letter.pk}/respond/", typed(letter, attached=files))
    assert answer.status_code == 302
    response = letter.responses.get()
    assert (response.kind, response.dated_on, response.text) == ("partial", date(2026, 1, 2), "We **thank** you.")
    assert [assessment.verdict for assessment in response.assessments.all()] == ["partly"]
    assert [(file.title, file.format) for file in response.attachments.all()] == [("Reply", "pdf"), ("Notes", "txt")]
    assert letter.events.last().by.name == "Amina"
    assert "Commission on Shared Rivers" in text_of(desk.get(answer["Location"]))


def test_with_errors_everything_typed_is_still_there(desk, letter):
    said = typed(
        letter, dated_on="yesterday", text="A long and careful text", attached=SimpleUploadedFile("a.exe", b"MZ\x00")
    )
    del said["is_published"]
    answer = desk.post(f"{LETTERS}{letter.pk}/respond/", said)
    assert answer.status_code == 422
    text, body = text_of(answer), answer.content.decode()
    for sentence in ("Enter a date", "“a.exe” is not a PDF", "Choose the files again"):
        assert sentence in text
    assert "A long and careful text" in text
    assert 'value="yesterday"' in body
    form = answer.context["form"]
    assert (form["kind"].value(), form["verdict_1"].value(), form["is_published"].value()) == (
        "partial",
        "partly",
        False,
    )
    assert not letter.responses.exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"addressee": ""}, "Choose the addressee"),
        ({"addressee": "999999"}, "Choose the addressee"),
        ({"addressee": "x"}, "Choose the addressee"),
        ({"kind": ""}, "Choose the kind of response"),
        ({"dated_on": "2999-01-01"}, "The date must not lie in the future"),
        ({"language": ""}, "Enter the language"),
        ({"language": "no such"}, "is not one language tag"),
        ({"verdict_1": "perhaps"}, "Choose an assessment from the list"),
        ({"text": "a" * 50_001}, "The text must be 50,000 characters or fewer"),
        ({"text": "a\x00b"}, "Null characters are not allowed"),
    ],
)
def test_each_wrong_answer_has_its_sentence(desk, letter, said, sentence):
    answer = desk.post(f"{LETTERS}{letter.pk}/respond/", typed(letter, **said))
    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_a_response_is_corrected_at_the_desk(desk, letter):
    response = a_response(letter, verdicts={1: "met"}, files=[Checked("Wrong", "pdf", PDF)])
    url = f"{LETTERS}{letter.pk}/responses/{response.pk}/"
    page = desk.get(url)
    assert 'value="2026-01-02"' in page.content.decode()
    assert "Take off the file “Wrong”" in text_of(page)
    gone = {f"remove_{response.attachments.get().public_id}": "on", "seen": seen_on(page)}
    assert desk.post(url, typed(letter, **gone, verdict_1="")).status_code == 302
    response.refresh_from_db()
    assert (response.kind, response.text) == ("partial", "We **thank** you.")
    assert not response.attachments.exists()
    assert not response.assessments.exists()
    assert desk.get(f"{LETTERS}{letter.pk}/responses/{a_response(an_old_letter()).pk}/").status_code == 404


def test_an_update_is_posted_and_corrected_at_the_desk(desk, letter):
    url = f"{LETTERS}{letter.pk}/updates/add/"
    said = {"dated_on": "2026-01-02", "language": "fr", "title": "  Une   réunion ", "body": "Bien."}
    assert desk.get(url).status_code == 200
    assert desk.post(url, said | {"title": " "}).status_code == 422
    assert desk.post(url, said | {"title": "é" * 201}).status_code == 422
    assert desk.post(url, said).status_code == 302
    update = letter.updates.get()
    assert (update.title, update.language) == ("Une réunion", "fr")
    url = f"{LETTERS}{letter.pk}/updates/{update.pk}/"
    said |= {"title": "Une autre", "seen": seen_on(desk.get(url))}
    assert desk.post(url, said).status_code == 302
    update.refresh_from_db()
    assert update.title == "Une autre"
    assert desk.post(url, said | {"title": "Une troisième"}).status_code == 422, "that was typed on a page of before"
    update.refresh_from_db()
    assert update.title == "Une autre"


def test_of_two_who_correct_at_once_the_later_is_told_and_loses_nothing(desk, letter):
    response = a_response(letter, verdicts={1: "met"}, files=[Checked("Kept", "pdf", PDF)])
    kept = response.attachments.get()
    url = f"{LETTERS}{letter.pk}/responses/{response.pk}/"
    seen = seen_on(desk.get(url))
    bruno = Client()
    bruno.force_login(a_moderator(letter, LetterRole.Role.CONVENER, name="Bruno"))
    theirs = typed(letter, text="Bruno’s words", verdict_1="not_met", seen=seen_on(bruno.get(url)))
    del theirs["is_published"]
    assert bruno.post(url, theirs | {"attached": SimpleUploadedFile("Annex.txt", b"Notes")}).status_code == 302
    events = letter.events.count()
    mine = typed(letter, text="My careful\r\nwords", seen=seen, **{f"remove_{kept.public_id}": "on"})
    answer = desk.post(url, mine | {"attached": SimpleUploadedFile("Mine.txt", b"Mine")})
    assert answer.status_code == 422
    text = text_of(answer)
    assert "Somebody else changed this meanwhile, so nothing was saved." in text
    for stands in ("Text Bruno’s words", "not met", "Publish text, files and assessment no", "Files Kept; Annex"):
        assert stands in text
    for same in ("Kind answered in part", "Date 2026-01-02"):
        assert same not in text.partition("From")[0], "only what differs is compared"
    assert "Choose the files again" in text
    form = answer.context["form"]
    assert form["text"].value() == "My careful\r\nwords"
    assert form[f"remove_{kept.public_id}"].value()
    assert "Take off the file “Annex”" in text
    response.refresh_from_db()
    assert (response.text, response.is_published, response.attachments.count()) == ("Bruno’s words", False, 2)
    assert letter.events.count() == events
    assert desk.post(url, mine | {"seen": seen_on(answer)}).status_code == 302
    response.refresh_from_db()
    assert (response.text, response.is_published) == ("My careful\nwords", True)
    assert [file.title for file in response.attachments.all()] == ["Annex"]


@pytest.mark.parametrize("change", ["text", "verdict", "file"])
def test_whatever_changes_of_a_response_is_a_change(change):
    letter = an_old_letter()
    response = a_response(letter, verdicts={1: "met"})
    seen = responding.token(response)
    said = {"kind": response.kind, "dated_on": response.dated_on, "language": "en", "is_published": True}
    said |= {"addressee": response.addressee, "response": response, "by": None}
    as_it_was: dict[str, Any] = {"text": response.text, "verdicts": {1: "met"}, "files": []}
    responding.correct_response(letter, **said, **as_it_was, seen=seen)
    assert responding.token(response) == seen
    changes = {"text": "Other words.", "verdict": {1: "not_met"}, "file": [Checked("New", "pdf", PDF)]}
    key = {"text": "text", "verdict": "verdicts", "file": "files"}[change]
    responding.correct_response(letter, **said, **as_it_was | {key: changes[change]}, seen=seen)
    with pytest.raises(Changed):
        responding.correct_response(letter, **said, **as_it_was, seen=seen)


@pytest.mark.parametrize("below", ["respond/", "updates/add/", "outcome/", "reminder/1/", "responses/1/", "updates/1/"])
def test_the_pages_are_for_conveners_of_the_letter(letter, below):
    url = f"{LETTERS}{letter.pk}/{below}"
    for user, status in ((a_moderator(letter), 403), (a_moderator(an_old_letter(), "convener"), 404)):
        client = Client()
        client.force_login(user)
        assert client.get(url).status_code == status
        assert client.post(url, {}).status_code == status
    assert Client().get(url).status_code == 302
    draft = a_letter(state="draft")
    administrator = Client()
    administrator.force_login(UserFactory(administrator=True))
    assert administrator.get(f"{LETTERS}{draft.pk}/{below}").status_code == 404


def test_the_desk_lists_who_owes_a_reply_and_drafts_a_reminder(desk, letter):
    Addressee.objects.filter(letter=letter).update(honorific="Dear Chair", email="chair+rivers@body.example")
    addressee = letter.addressees.get()
    delivered(letter, NOON - timedelta(days=12))
    with time_machine.travel(NOON, tick=False):
        page = desk.get(f"{LETTERS}awaiting/")
        url = f"{LETTERS}{letter.pk}/reminder/{addressee.pk}/"
        assert url in page.content.decode()
        assert "Keep river data public delivered 12 November 2026 Commission on Shared Rivers 12" in text_of(page)
        draft = desk.get(url)
    text = text_of(draft)
    for part in ("Dear Chair,", "On 12 November 2026", "“Keep river data public”", "signed by 2 organisations",
                 f"http://testserver/en/letters/{letter.slug}/", "chair+rivers@body.example"):  # fmt: skip
        assert part in text
    mailto = urlsplit(draft.context["mailto"])
    assert (mailto.scheme, mailto.path) == ("mailto", "chair%2Brivers@body.example")
    query = parse_qs(mailto.query)
    assert query["subject"] == [draft.context["subject"]]
    assert query["body"] == [draft.context["text"]]


def test_nobody_is_reminded_who_has_replied(desk, letter):
    delivered(letter, timezone.now())
    addressee = letter.addressees.get()
    a_response(letter)
    answered = desk.get(f"{LETTERS}{letter.pk}/reminder/{addressee.pk}/", follow=True)
    assert "No reply is awaited from this addressee" in text_of(answered)
    assert "Every addressee has replied" in text_of(desk.get(f"{LETTERS}awaiting/"))


@pytest.mark.django_db(transaction=True)
def test_a_storage_that_is_away_loses_no_file_that_a_row_names(monkeypatch):
    letter = an_old_letter()
    update = an_update(letter, files=[Checked("old", "txt", b"old")])
    old, delete = update.attachments.get(), default_storage.delete

    def away(name: str) -> None:
        if name == old.file.name:
            raise OSError("the storage is away")
        delete(name)

    monkeypatch.setattr(default_storage, "delete", away)
    said = {"dated_on": date(2026, 1, 3), "language": "en", "title": "A meeting", "body": ""}
    files = [Checked("new", "txt", b"new")]
    responding.correct_update(letter, by=None, update=update, files=files, removed=[old.public_id], **said)
    assert default_storage.exists(update.attachments.get().file.name)
