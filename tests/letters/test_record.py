"""The public record: what is written into the chain, that no name stays in it, and that no byte can be changed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from letters import amending, chain, counting, endorsing, lifecycle, record
from letters.models import Delivery, DeliveryFile, DeliveryLine, Endorsement, Letter, Opening, RecordEntry
from letters.tasks import write_records
from tests.factories import NOON, a_letter, an_endorsement, an_organisation
from tests.reading import text_of

pytestmark = pytest.mark.django_db

SECRET = "Zzyzx"


def on(day: int) -> datetime:
    return NOON + timedelta(days=day)


def contents(letter: Letter) -> list[dict[str, Any]]:
    return [json.loads(entry.content) for entry in letter.record_entries.all()]


def kinds(letter: Letter) -> list[str]:
    return [content["kind"] for content in contents(letter)]


def names_in(data: bytes) -> list[str]:
    return sorted(opening["name"] for opening in json.loads(data)["openings"])


def one_more(letter: Letter, name: str, at: datetime) -> Endorsement:
    """A signature that came by mail, entered and approved after the deadline."""
    recorded = endorsing.record(letter, an_organisation(name), by=None, evidence="checked", at=at)
    return endorsing.approve(recorded, by=None, at=at)


def a_delivery(letter: Letter, at: datetime, *, number: int = 1, is_addendum: bool = False) -> Delivery:
    """As it is frozen: its lines and figures are those of that instant."""
    count = counting.count(letter, at)
    delivery = Delivery.objects.create(
        letter=letter, number=number, version=letter.version, at=at, channel="post", is_addendum=is_addendum,
        count=count.organisations, named=count.named, withheld=count.withheld_by_country,
    )  # fmt: skip
    before = DeliveryLine.objects.values("endorsement") if is_addendum else []
    signed = letter.endorsements.counted().exclude(pk__in=before)
    for position, endorsement in enumerate(signed.order_by("pk"), 1):
        is_named = endorsement.visibility == "named"
        DeliveryLine.objects.create(
            delivery=delivery, position=position, endorsement=endorsement, visibility=endorsement.visibility,
            printed={"name": endorsement.printed_name} if is_named else None,
        )  # fmt: skip
    for language, file_format in (("fr", "pdf"), ("en", "pdf"), ("en", "docx")):
        DeliveryFile.objects.create(
            delivery=delivery, language=language, format=file_format, file=ContentFile(b"%PDF", name="a.pdf"),
            sha256=chain.sha256(f"{language} {file_format}"), size=4, made_at=at,
        )  # fmt: skip
    return delivery


@pytest.fixture
def letter() -> Letter:
    """A letter that has lived: eight entries, three names of which one was hidden, and withheld ones besides."""
    letter = a_letter(at=NOON, slug="lived")
    an_endorsement(letter, an_organisation("Union „Живая вода“"), at=NOON)
    an_endorsement(letter, an_organisation('Wells & "Rivers"'), at=NOON)
    hidden = an_endorsement(letter, an_organisation(f"{SECRET} Hidden"), at=NOON)
    for visibility in ("country", "counted", "confidential"):
        an_endorsement(letter, an_organisation(f"{SECRET} {visibility}"), visibility=visibility, at=NOON)
    an_endorsement(letter, an_organisation(f"{SECRET} waits"), state="confirmed", at=NOON)
    record.write_list(letter, on(1))
    endorsing.lower(hidden, visibility="counted", at=on(1))
    lifecycle.close(letter, by=None, at=on(2))
    record.write_list(letter, on(3))
    lifecycle.reopen(letter, by=None, closes_at=on(20), note="More time", at=on(4))
    record.add_delivery(a_delivery(letter, on(5)))
    lifecycle.close(letter, by=None, at=on(6))
    return letter


# What is written


def test_the_life_of_a_letter_is_a_chain(letter):
    lifecycle.take_down(letter, by=None, note="For their safety.", at=on(7))
    lifecycle.restore(letter, by=None, note="Safe again.", at=on(8))
    assert kinds(letter) == [
        *("sealed", "opened", "list", "closed", "list", "reopened", "delivery", "closed", "taken_down", "restored")
    ]
    entries = contents(letter)
    assert [entry["number"] for entry in entries] == list(range(1, 11))
    assert entries[0] == {
        "at": "2026-11-24T12:00:00Z",
        "digest": letter.version.digest,
        "kind": "sealed",
        "letter": letter.reference,
        "number": 1,
        "previous": "0" * 64,
        "version": 1,
    }
    assert entries[2]["at"] == "2026-11-25"
    assert (entries[2]["count"], len(entries[2]["names"])) == (5, 3)
    assert (entries[4]["count"], len(entries[4]["names"])) == (5, 2)
    assert set(entries[4]["names"]) < set(entries[2]["names"])
    assert entries[5]["closes_at"] == "2026-12-14T12:00:00Z"
    delivered = entries[6]
    assert (delivered["delivery"], delivered["count"], delivered["names"]) == (1, 5, entries[4]["names"])
    assert [(file["language"], file["format"]) for file in delivered["files"]] == [
        *(("en", "docx"), ("en", "pdf"), ("fr", "pdf"))
    ]
    for before, after in zip(letter.record_entries.all(), entries[1:], strict=False):
        assert after["previous"] == before.sha256 == chain.sha256(before.content)
    assert record.verify(record.to_file(letter)) is None


def test_a_letter_of_the_past_is_recorded():
    assert kinds(a_letter(state="recorded")) == ["sealed", "recorded"]


def test_a_new_version_is_on_record_and_closes_the_names_that_have_not_agreed_to_it():
    letter = a_letter(at=NOON)
    agrees, waits = (an_endorsement(letter, an_organisation(name), at=NOON) for name in ("Agreeing", "Waiting"))
    record.write_list(letter, on(1))
    amending.prepare(letter, by=None, at=on(1))
    letter.draft.texts.update(title="Keep all river data public")
    amending.amend(letter, by=None, change="material", note="All data.", reconsent_until=on(9), at=on(1))
    assert kinds(letter) == ["sealed", "opened", "list", "sealed"]
    assert contents(letter)[3]["version"] == 2
    assert contents(letter)[3]["digest"] == letter.versions.get(number=2).digest
    assert names_in(record.to_file(letter)) == []
    endorsing.reconsent(agrees, version=2, at=on(2))
    assert names_in(record.to_file(letter)) == ["Agreeing"]
    record.write_list(letter, on(3))
    assert (contents(letter)[4]["count"], len(contents(letter)[4]["names"])) == (1, 1)
    assert not Opening.objects.filter(endorsement=waits).exists()
    assert record.verify(record.to_file(letter)) is None


def test_a_draft_has_no_record_and_an_empty_one_is_whole():
    letter = a_letter(state="draft")
    assert not contents(letter)
    assert chain.read(record.to_file(letter)) == chain.Record(letter.reference, "0" * 64, 0, 0)


def test_a_list_is_written_once_a_day_and_only_when_it_changed(letter):
    assert record.write_list(letter, on(7)) is None, "the delivery has the same names"
    late = one_more(letter, "New Well", on(7))
    assert record.write_list(letter, on(7)).kind == "list"
    endorsing.lower(late, visibility="country", at=on(7))
    assert record.write_list(letter, on(7) + timedelta(hours=11)) is None
    assert record.write_list(letter, on(7) + timedelta(hours=12)).number == 10
    assert record.write_list(letter, on(9)) is None
    assert record.verify(record.to_file(letter)) is None


def test_the_job_writes_the_lists_of_public_letters(django_assert_max_num_queries):
    letters = [a_letter(state=state, at=NOON) for state in ("open", "closed", "draft", "taken_down")]
    for number in range(8):
        an_endorsement(letters[0], an_organisation(f"Well {number}"), at=NOON)
    with time_machine.travel(on(1), tick=False):
        # Of each of the two letters: lock with its savepoints, three kinds of entry, count, and once all names.
        with django_assert_max_num_queries(30):
            write_records.func(0)
        write_records.func(0)
    assert [kinds(letter)[2:] for letter in letters] == [["list"], ["closed"], [], ["taken_down"]]


def test_a_delivery_stands_once_and_an_addendum_is_no_whole_list(letter):
    delivery = letter.deliveries.get()
    assert record.add_delivery(delivery) is None
    one_more(letter, "New Well", on(7))
    addendum = record.add_delivery(a_delivery(letter, on(7), number=2, is_addendum=True))
    facts = json.loads(addendum.content)
    assert (facts["addendum"], facts["count"], len(facts["names"])) == (True, 6, 1)
    assert len(json.loads(record.write_list(letter, on(8)).content)["names"]) == 3
    assert record.write_list(letter, on(9)) is None
    assert record.verify(record.to_file(letter)) is None


def test_who_was_hidden_before_the_delivery_got_on_record_is_never_opened(letter):
    visible = letter.endorsements.listed().first()
    delivery = a_delivery(letter, on(7), number=2)
    endorsing.withdraw(visible, at=on(7))
    entry = record.add_delivery(delivery)
    assert len(json.loads(entry.content)["names"]) == 2
    assert not Opening.objects.filter(endorsement=visible).exists()
    assert visible.printed_name not in names_in(record.to_file(letter))
    assert record.verify(record.to_file(letter)) is None


def test_postgres_refuses_to_change_or_delete_an_entry(letter):
    for change in (
        lambda entries: entries.update(content="{}"),
        lambda entries: entries.update(sha256="0" * 64),
        lambda entries: entries.delete(),
    ):
        with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
            change(RecordEntry.objects.filter(letter=letter, number=2))


# Names


def test_only_who_is_listed_is_opened_and_the_digest_is_of_salt_and_name(letter):
    data = record.to_file(letter)
    assert names_in(data) == ["Union „Живая вода“", 'Wells & "Rivers"']
    opening = json.loads(data)["openings"][0]
    digest = chain.sha256(f"{opening['salt']} {opening['name']}")
    assert [digest in content["names"] for content in contents(letter) if "names" in content] == [True] * 3
    assert len(opening["salt"]) == 32


@pytest.mark.parametrize("verb", ["lower", "withdraw", "reject", "remove_for_safety"])
def test_a_hidden_name_leaves_at_once_and_the_chain_stays_whole(letter, verb):
    endorsement = letter.endorsements.listed().first()
    name, salt = endorsement.printed_name, endorsement.opening.salt
    said: dict[str, dict[str, Any]] = {
        "lower": {"visibility": "country"},
        "withdraw": {},
        "reject": {"by": None, "code": "impostor"},
        "remove_for_safety": {"by": None},
    }
    getattr(endorsing, verb)(endorsement, **said[verb], at=on(7))
    data = record.to_file(letter)
    assert len(names_in(data)) == 1
    assert name not in data.decode()
    assert salt not in data.decode()
    assert not Opening.objects.filter(salt=salt).exists()
    assert record.verify(data) is None


def test_a_row_left_over_opens_nothing(letter):
    endorsement = letter.endorsements.listed().first()
    Endorsement.objects.filter(pk=endorsement.pk).update(visibility="country")
    assert endorsement.printed_name not in names_in(record.to_file(letter))
    record.write_list(letter, on(7))
    assert not Opening.objects.filter(endorsement=endorsement).exists()
    assert record.verify(record.to_file(letter)) is None


def test_another_printed_name_gets_another_salt(letter):
    endorsement = letter.endorsements.listed().first()
    old = endorsement.opening
    Endorsement.objects.filter(pk=endorsement.pk).update(printed_name="Wells of Today")
    assert old.name not in names_in(record.to_file(letter))
    record.write_list(letter, on(7))
    new = Opening.objects.get(endorsement=endorsement)
    assert new.name == "Wells of Today"
    assert new.salt != old.salt
    assert record.verify(record.to_file(letter)) is None


def test_withheld_names_are_nowhere(letter):
    assert SECRET.encode() not in record.to_file(letter)
    assert not RecordEntry.objects.filter(content__contains=SECRET).exists()
    assert not Opening.objects.filter(name__contains=SECRET).exists()


# The file


def test_the_file_is_served_to_anybody_without_a_cookie(letter, django_assert_num_queries):
    url = reverse("files:record", args=[letter.slug])
    assert url == "/letters/lived/record.json"
    with django_assert_num_queries(4):
        first = Client().get(url)
    with django_assert_num_queries(2):
        again = Client().get(url, headers={"Accept-Language": "fr"})
    assert first.content == again.content == record.to_file(letter)
    assert first["ETag"] == again["ETag"]
    assert (first.status_code, first["Content-Type"], len(first.cookies)) == (200, "application/json", 0)
    assert json.loads(first.content)["head"] == letter.record_entries.last().sha256
    assert Client().get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    assert Client().post(url).status_code == 405


def test_the_file_takes_as_many_queries_with_more_names(letter, django_assert_num_queries):
    for number in range(5):
        one_more(letter, f"Well {number}", on(7))
    record.write_list(letter, on(8))
    with django_assert_num_queries(4):
        data = Client().get(reverse("files:record", args=[letter.slug])).content
    assert len(names_in(data)) == 7


def test_a_name_hidden_is_gone_from_the_next_answer(letter):
    url = reverse("files:record", args=[letter.slug])
    endorsement = letter.endorsements.listed().first()
    assert endorsement.printed_name in names_in(Client().get(url).content)
    endorsing.lower(endorsement, visibility="counted", at=on(7))
    assert endorsement.printed_name not in names_in(Client().get(url).content)


def test_only_a_public_letter_has_a_record_to_read():
    hidden = [a_letter(state="draft"), a_letter(state="taken_down"), a_letter(audience="team")]
    hidden.append(a_letter(public_from=on(1000), closes_at=on(1001)))
    for letter in hidden:
        assert Client().get(reverse("files:record", args=[letter.slug])).status_code == 404
    assert Client().get("/letters/nowhere/record.json").status_code == 404


def test_the_page_explains_how_to_check(django_assert_num_queries):
    with django_assert_num_queries(1):
        page = Client().get(reverse("letters:record-help"))
    assert "sha256sum" in text_of(page)
    assert not page.cookies


# The check


def place_of(data: bytes, position: int) -> str:
    """Whose line holds the byte: heading, entry 1 …, between, opening 1 …, end."""
    lines = data.split(b"\n")
    number = data[:position].count(b"\n")
    between, end = lines.index(chain.BETWEEN), lines.index(chain.END)
    if number == 0:
        return "heading"
    if number < between:
        return f"entry {number}"
    if number == between:
        return "between"
    return f"opening {number - between}" if number < end else "end"


def place_named(data: bytes) -> str:
    problem = record.verify(data)
    assert problem is not None
    if problem.entry:
        return f"entry {problem.entry}"
    if problem.opening:
        return f"opening {problem.opening}"
    if "heading" in problem.sentence:
        return "heading"
    return "between" if "between" in problem.sentence else "end"


@pytest.mark.slow
def test_no_byte_can_be_changed_left_out_or_added(letter):
    data = record.to_file(letter)
    assert len(contents(letter)) == 8
    dice = random.Random(1)  # noqa: S311  the same changes in every run
    for position in range(len(data)):
        for changed in changes(data, position, dice, few=True):
            assert place_named(changed) == place_of(data, position), (position, changed)
    for position in [*dice.sample(range(len(data)), 100), *range(-70, 0), *range(110)]:
        for changed in changes(data, position % len(data), dice):
            assert place_named(changed) == place_of(data, position % len(data)), (position, changed)
    assert place_named(data + b" ") == place_named(data + b"\n") == "end"


def changes(data: bytes, position: int, dice: random.Random, *, few: bool = False) -> Iterator[bytes]:
    """The file with one byte changed, left out or added there, in ways that could be overlooked."""
    head, byte, tail = data[:position], data[position], data[position + 1 :]
    others = [dice.randrange(256), byte ^ 1, byte ^ 0x20, *b'\n\r ,{}[]"\\0\x00\xff']
    for other in [dice.choice(others)] if few else others:
        if other != byte:
            yield head + bytes([other]) + tail
        # A line break more at the end of a line is one at the beginning of the next.
        if not few and not (other == 0x0A and b"\n" in (head[-1:], bytes([byte]))):
            yield head + bytes([other]) + data[position:]
    if not few:
        yield head + tail


@pytest.mark.slow
def test_an_empty_record_can_not_be_changed_either():
    data = chain.to_bytes("T-1", [], [])
    letter = range(data.index(b"T-1"), data.index(b"T-1") + 3)
    for position in set(range(len(data))) - set(letter):  # with no entry yet, nothing vouches for the letter
        for changed in changes(data, position, random.Random(1)):  # noqa: S311
            if position + 1 not in letter and position - 1 not in letter:
                assert place_named(changed) == place_of(data, position), (position, changed)


def forged(data: bytes, place: int, **facts: Any) -> bytes:
    """With other facts in one entry, and its own digest made anew."""
    whole = json.loads(data)
    entries = [(chain.canonical(entry["content"]), entry["sha256"]) for entry in whole["entries"]]
    content = chain.canonical(whole["entries"][place - 1]["content"] | facts)
    entries[place - 1] = (content, chain.sha256(content))
    return chain.to_bytes(whole["letter"], entries, [(o["name"], o["salt"]) for o in whole["openings"]])


def test_an_entry_forged_with_a_digest_of_its_own_is_named(letter):
    data = record.to_file(letter)
    for number in range(1, 8):
        assert record.verify(forged(data, number, count=7)).entry == number
        assert record.verify(forged(data, number, previous="1" * 64)).entry == number
        assert record.verify(forged(data, number, number=9)).entry == number
        assert record.verify(forged(data, number, letter="T-0")) is not None
    assert record.verify(forged(data, 8, at="2030-01-01T00:00:00Z")) is None, "only a head kept elsewhere tells"


def test_entries_left_out_turned_round_or_doubled_are_noticed(letter):
    lines = record.to_file(letter).split(b"\n")
    assert record.verify(b"\n".join([*lines[:3], *lines[4:]])).entry == 3
    assert record.verify(b"\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])).entry == 3
    assert record.verify(b"\n".join([*lines[:4], lines[3], *lines[4:]])).entry == 4
    shortened = [*lines[:7], lines[7].removesuffix(b","), *lines[9:]]
    assert "heading" in record.verify(b"\n".join(shortened)).sentence
    opening = lines.index(chain.BETWEEN) + 1
    assert record.verify(b"\n".join([*lines[:opening], lines[opening], *lines[opening:]])).opening == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b" \n", "The file is empty."),
        (b"{", "heading"),
        (b"null", "heading"),
        (b"[" * 200_000, "heading"),
        (b'{"a":' * 100_000, "heading"),
        (b"\xff\xfe\x00", "heading"),
        (b"\x00" * 100, "heading"),
        (chain.to_bytes("T", [("[" * 100_000, "0" * 63 + "1")], []), "Entry 1"),
        (chain.to_bytes("T", [("9" * 10_000, "0" * 63 + "1")], []), "Entry 1"),
        (chain.to_bytes("T", [("NaN", "0" * 63 + "1")], []), "Entry 1"),
        (chain.to_bytes("T", [('"\\ud800"', "0" * 63 + "1")], []), "Entry 1"),
        (chain.to_bytes("T", [("[]", "0" * 63 + "1")], []), "Entry 1"),
        (chain.to_bytes("T", [], [("A name", "a" * 32)]), "Opening 1 opens no name"),
    ],
    ids=range(14),
)
def test_any_file_gets_a_sentence(tmp_path, data, sentence):
    file = tmp_path / "record.json"
    file.write_bytes(data)
    with pytest.raises(CommandError, match=sentence):
        call_command("verify_record", file)


def test_the_command_says_that_the_record_is_whole(letter, tmp_path, capsys, django_assert_num_queries):
    file = tmp_path / "record.json"
    file.write_bytes(record.to_file(letter))
    head = letter.record_entries.last().sha256
    with django_assert_num_queries(0):
        call_command("verify_record", file)
    assert capsys.readouterr().out == f"The record is whole: 8 entries, 2 names opened, head {head}\n"
    for path in (tmp_path, tmp_path / "absent.json", "nul\0"):
        with pytest.raises(CommandError, match="can't be read"):
            call_command("verify_record", path)


@pytest.mark.slow
def test_the_command_needs_nothing_configured(tmp_path, settings):
    file = tmp_path / "record.json"
    for data, code in ((chain.to_bytes("T-1", [], []), 0), (b"{}", 1)):
        file.write_bytes(data)
        done = subprocess.run(
            [sys.executable, "manage.py", "verify_record", str(file)],
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
            env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        assert done.returncode == code
        assert ("The record is whole" in done.stdout) is (code == 0)
        assert "Traceback" not in done.stderr
