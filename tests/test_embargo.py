"""The embargo: until its instant nothing anywhere tells that there is a letter, and one second later all of it is
there. The clock moves, no job runs, and every page that can be kept has been kept from before."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import translation
from PIL import Image

from letters import amending, delivering, endorsing, responding
from letters.attachments import Checked
from letters.documents import rendering
from letters.models import DeliveryFile, Letter, Opening, RecordEntry, Text
from letters.tasks import write_records
from signatories.models import Organisation
from tests.crawling import FILLED, Address, Stranger, addresses, body_of, headers_of, same_for_all, unpacked
from tests.factories import NOON, a_letter, an_endorsement, an_organisation

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Words that stand nowhere but in the letter under embargo, in what came of it, and in the names of who signed it.
WORD, WORD_AR = "Quorvex", "قورفكس"
TITLES = {"en": f"{WORD} rivers", "fr": f"Rivières {WORD}", "ar": f"أنهار {WORD_AR}"}
#: Of the addresses that are not of one thing: those that list letters or organisations, and those that show none.
LISTS = {"letters:home", "letters:organisations"}
TELL_NOTHING = {"letters:about", "letters:record-help", "livez", "readyz", "robots"}
#: What tells of the letter among the addresses of the one that it supersedes, and of an organisation that signed both.
POINT_ON = {"letters:letter", "letters:letter-in", "letters:organisation"}
#: Addresses of a public letter that don't answer 200, and why.
ELSEWHERE = {"letters:sign-sent": "sends on to the form whoever has not just signed"}
#: All that an address of ours reads. The name asked for is of who signed, and not WORD, as the page repeats it.
QUERIES = (
    "?page=2&lang=fr", "?q=Amalia&again=1", "?country=BT&order=country", "?letter=Q", "?version=2&text=ar",
    "?from=1&to=2",
)  # fmt: skip
ALL_AT_ONCE = "?" + "&".join(query.removeprefix("?") for query in QUERIES)
INSTANT = NOON + timedelta(days=1)


@dataclass
class Case:
    """A letter under embargo, who alone has signed it, and what was public before it."""

    older: Letter
    shared: Organisation
    letter: Letter = field(init=False)
    only_here: list[Organisation] = field(default_factory=list)
    stranger: Client = field(default_factory=Stranger)


@dataclass(frozen=True)
class Seen:
    """An answer as it was read."""

    status: int
    headers: dict[str, str]
    body: bytes
    #: As one searches it: without case, and with Arabic letters as they are typed.
    words: str
    said_in_headers: str

    @property
    def etag(self) -> str:
        return self.headers.get("ETag", "")

    @property
    def is_kept(self) -> bool:
        """The page lies in the cache."""
        key = self.etag.removeprefix('W/"').rstrip('"')
        return self.etag.startswith("W/") and caches["default"].get(key) is not None


def test_nothing_tells_of_a_letter_under_embargo_and_all_of_it_is_there_one_second_later():
    with time_machine.travel(INSTANT - timedelta(minutes=10), tick=False) as clock:
        case = the_older_letter()
        write_records.func(0)
        rendering.render(case.older.pk)
        shared = addresses()
        without_it = crawl(case, shared)
        the_letter(case)
        own = [address for address in addresses() if address.subject in (case.letter, *case.only_here)]
        assert len(traces(case)) > 40

        # What was kept when there was no such letter is still what everybody has and gets.
        clock.move_to(INSTANT - timedelta(seconds=1))
        kept = {address for address in shared if without_it[address.path].is_kept}
        assert {address.name for address in kept} >= LISTS | POINT_ON | {"letters:versions", "files:record"}
        assert {again(case, address, without_it).status_code for address in kept} == {304}

        # Made anew, every page is the same as without it.
        clock.move_to(INSTANT - timedelta(milliseconds=1))
        caches["default"].clear()
        before = crawl(case, shared)
        assert [path for path in before if not are_alike(before[path], without_it[path])] == []
        assert telling(case, before | crawl(case, shared, QUERIES, language="ar")) == []
        assert WORD not in suggested(case)
        assert_hidden_like_what_is_not_there(case, own)

        clock.move_to(INSTANT + timedelta(seconds=1))
        assert all(without_it[address.path].is_kept for address in kept)
        assert_there(case, own)
        assert_pointed_to(case, shared, kept, before)
        assert WORD in suggested(case)


def test_a_logo_that_came_with_a_letter_under_embargo_is_shown_from_its_instant_on():
    with time_machine.travel(INSTANT - timedelta(hours=1), tick=False) as clock:
        case = the_older_letter()
        page = case.shared.get_absolute_url()
        without_it = crawl(case, [Address("", page, None), Address("", f"{page}logo.png", None)])
        embargoed = a_letter(public_from=INSTANT)
        etag = Client().get(page)["ETag"]
        an_endorsement(embargoed, case.shared, logo=ContentFile(a_picture(), "logo.png"))
        assert Client().get(page)["ETag"] == etag
        clock.move_to(INSTANT - timedelta(milliseconds=1))
        assert all(seen(case, path).body == answer.body for path, answer in without_it.items())
        clock.move_to(INSTANT + timedelta(seconds=1))
        assert f"{page}logo.png" in seen(case, page).words
        assert seen(case, f"{page}logo.png").body == a_picture()


@pytest.mark.parametrize("verb", ["lower", "withdraw"])
def test_a_logo_never_tells_of_a_signature_that_is_not_listed(verb):
    with time_machine.travel(INSTANT - timedelta(hours=1), tick=False) as clock:
        case = the_older_letter()
        page = case.shared.get_absolute_url()
        endorsement = an_endorsement(
            a_letter(public_from=INSTANT), case.shared, logo=ContentFile(a_picture(), "logo.png")
        )
        if verb == "lower":
            endorsing.lower(endorsement, visibility="country")
        else:
            endorsing.withdraw(endorsement)
        before = Client().get(page)
        clock.move_to(INSTANT + timedelta(seconds=1))
        after = Client().get(page)
        assert Client().get(f"{page}logo.png").status_code == 404
        assert (after.content, after["ETag"]) == (before.content, before["ETag"])


# What there is


def the_older_letter() -> Case:
    """A public letter that will be superseded, signed by an organisation that signs the newer one too."""
    older = a_letter(slug="older", title="Keep rain data public", closes_at=INSTANT + timedelta(days=30))
    shared = an_organisation("Wells Union")
    an_endorsement(older, shared)
    an_endorsement(older, an_organisation("Open Forum", country="FR"))
    return Case(older, shared)


def the_letter(case: Case) -> None:
    """With all that a letter can have, and every file made."""
    letter = case.letter = a_letter(
        title=TITLES["en"],
        texts={language: title for language, title in TITLES.items() if language != "en"},
        slug=f"{WORD}-rivers".lower(),
        reference=f"{WORD}/7",
        topics=[WORD],
        public_from=INSTANT,
        closes_at=INSTANT + timedelta(days=30),
        late_until=INSTANT + timedelta(days=60),
        supersedes=case.older,
    )
    for place in ("Trust", "Forum"):
        organisation = an_organisation(f"{WORD} Amalia {place}", country="BT")
        an_endorsement(letter, organisation, logo=ContentFile(a_picture(), f"{WORD}.png"))
        case.only_here.append(organisation)
    an_endorsement(letter, case.shared)
    amending.prepare(letter, by=None)
    for text in letter.versions.get(sealed_at=None).texts.all():
        word = WORD_AR if text.language == "ar" else WORD
        said = {"summary": f"{word}.", "body": f"{word} is a river.", "demands": [f"Publish {word}."]}
        Text.objects.filter(pk=text.pk).update(closing=f"{word}.", **said)
    amending.amend(letter, by=None, change="typo", note=f"{WORD} was missing.")
    write_records.func(0)
    delivering.deliver(letter, by=None, channel="post", reference=f"{WORD} 1")
    delivering.hand_over(letter.deliveries.get())
    what_came_of_it(letter)
    rendering.render(letter.pk)
    letter.refresh_from_db()


def what_came_of_it(letter: Letter) -> None:
    said: dict[str, Any] = {"by": None, "dated_on": (INSTANT - timedelta(hours=1)).date(), "language": "en"}
    responding.respond(
        letter,
        addressee=letter.addressees.get(),
        kind="substantive",
        text=f"{WORD} it shall be.",
        is_published=True,
        verdicts={1: "partly"},
        files=[Checked(f"{WORD} reply", "txt", f"{WORD} reply".encode())],
        **said,
    )
    minutes = Checked(f"{WORD} minutes", "txt", f"{WORD} minutes".encode())
    responding.post_update(letter, title=f"{WORD} heard", body=f"They heard {WORD}.", files=[minutes], **said)


def a_picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (20, 20), "navy").save(file, "PNG")
    return file.getvalue()


# Reading


def crawl(case: Case, asked: Iterable[Address], queries: Iterable[str] = ("",), language: str = "") -> dict[str, Seen]:
    """The answers by path and query; with a language, of files and of pages in it alone."""
    wanted = [address.path for address in asked if not language or language_of(address) in ("", language)]
    return {path + query: seen(case, path + query) for path in wanted for query in queries}


def language_of(address: Address) -> str:
    return translation.get_language_from_path(address.path) or ""


def seen(case: Case, path: str) -> Seen:
    answer: Any = case.stranger.get(path)
    body = same_for_all(body_of(answer))
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return Seen(answer.status_code, headers, body, folded(unpacked(body)), folded(headers_of(answer)))


def folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def again(case: Case, address: Address, then: dict[str, Seen]) -> Any:
    """The answer to whoever has the page from then."""
    return case.stranger.get(address.path, headers={"If-None-Match": then[address.path].etag})


def are_alike(left: Seen, right: Seen) -> bool:
    return (left.status, left.headers, left.body) == (right.status, right.headers, right.body)


def suggested(case: Case) -> str:
    """What the form of the other letter answers to whoever looks for an organisation, by its button or typing."""
    answers: list[Any] = [
        case.stranger.post(
            f"{case.older.get_absolute_url()}sign/", {"organisation_name": "Amalia", "find": 1}, headers=headers
        )
        for headers in ({}, {"HX-Request": "true"})
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    return str("".join(answer.content.decode() for answer in answers))


def telling(case: Case, answers: dict[str, Seen]) -> list[tuple[str, str]]:
    found = traces(case)
    return [
        (path, trace)
        for path, answer in answers.items()
        for trace in found
        if trace in answer.words or trace in answer.said_in_headers
    ]


def traces(case: Case) -> set[str]:
    """Words, digests, public ids and names of files by which the letter could be known."""
    letter = case.letter
    delivered = DeliveryFile.objects.filter(delivery__letter=letter)
    files = [*delivered, *letter.documents.all(), *letter.attachments.all()]
    stored = [file.file.name for file in files] + [one.logo.name for one in letter.endorsements.exclude(logo="")]
    found = {
        WORD,
        WORD_AR,
        *(PurePath(str(name)).stem for name in stored),
        *(organisation.public_id for organisation in case.only_here),
        *(file.sha256 for file in [*delivered, *letter.attachments.all()]),
        *RecordEntry.objects.filter(letter=letter).values_list("sha256", flat=True),
        *Opening.objects.filter(letter=letter).values_list("salt", flat=True),
    }
    for rows, name in (("versions", "digest"), ("attachments", "public_id"), ("endorsements", "public_id")):
        found.update(getattr(letter, rows).values_list(name, flat=True))
    return {folded(trace) for trace in found}


# Before


def assert_hidden_like_what_is_not_there(case: Case, own: list[Address]) -> None:
    """Each of its addresses answers word for word as though there were nothing, whatever is asked for."""
    absent = {case.letter.slug: "no-such-letter"}
    absent |= {attachment.public_id: "0123456789abcdef" for attachment in case.letter.attachments.all()}
    absent |= {organisation.slug: "no-such-organisation" for organisation in case.only_here}
    answers: dict[str, Seen] = {}
    for address in own:
        paths, bare = [address.path], ""
        if language_of(address) in ("", "ar"):
            bare = address.path.removeprefix("/ar")
            paths += [bare, address.path.removesuffix("/"), address.path + ALL_AT_ONCE]
        for path in paths:
            elsewhere = path
            for hidden, nothing in absent.items():
                elsewhere = elsewhere.replace(hidden, nothing)
            if elsewhere not in answers:
                answers[elsewhere] = seen(case, elsewhere)
            answer, expected = seen(case, path), answers[elsewhere]
            headers = {name: value.replace(path, elsewhere) for name, value in answer.headers.items()}
            assert (answer.status, headers, answer.body) == (expected.status, expected.headers, expected.body), path
            assert answer.status == 404 or path in (bare, address.path.removesuffix("/")), path
        assert case.stranger.get(address.path, headers={"If-None-Match": "*"}).status_code == 404, address.path
    sign = case.letter.get_absolute_url() + "sign/"
    assert case.stranger.post(sign, {"organisation_name": "Amalia", "find": 1}).status_code == 404


# After


def assert_there(case: Case, own: list[Address]) -> None:
    """Every address of the letter and of those who alone signed it answers, each document in every language."""
    assert {address.name for address in own} == {name for name, filling in FILLED.items() if filling}
    words = {*TITLES.values(), case.letter.reference, *(organisation.name for organisation in case.only_here)}
    signs = {folded(word) for word in words | {f"{WORD} reply", f"{WORD} minutes"}}
    for address in own:
        if address.name in ELSEWHERE:
            assert seen(case, address.path).status == 302
            continue
        is_document = address.name.startswith("files:letter-")
        for query in [f"?lang={language}" for language in TITLES] if is_document else [""]:
            answer = seen(case, address.path + query)
            tells_of_it = answer.body == a_picture() or any(sign in answer.words for sign in signs)
            assert (answer.status, tells_of_it) == (200, True), address.path + query
    assert_whole(case)


def assert_whole(case: Case) -> None:
    """Its page has all that there is of it, and in each language its text is read in that language."""
    page = case.letter.get_absolute_url()
    for language, title in TITLES.items():
        assert folded(title) in seen(case, f"{page}in/{language}/").words
        assert folded(title) in seen(case, f"/letters/{case.letter.slug}/letter.txt?lang={language}").words
    whole = seen(case, page).words
    there = ["is a river", "it shall be", "partly met", "heard", "was missing", "amalia trust", "amalia forum"]
    there += ["wells union", *(file.sha256 for file in case.letter.deliveries.get().files.all())]
    there += [attachment.public_id for attachment in case.letter.attachments.all()]
    assert [word for word in there if folded(word) not in whole] == []
    record = seen(case, f"/letters/{case.letter.slug}/record.json").words
    assert [one.salt for one in case.letter.openings.all() if one.salt not in record] == []
    assert case.letter.openings.count() == 3


def assert_pointed_to(case: Case, shared: list[Address], kept: set[Address], before: dict[str, Seen]) -> None:
    """The lists, the letter that it supersedes and who signed both tell of it; what a reader has of them from before
    is not taken for the present page. All others are as they were."""
    assert {name for name, filling in FILLED.items() if not filling} == LISTS | TELL_NOTHING
    for address in shared:
        then, now = before[address.path], seen(case, address.path)
        points_on = address.name in POINT_ON and address.subject in (case.older, case.shared)
        if address.name in LISTS or points_on:
            tells_of_it = folded(WORD) in now.words or folded(WORD_AR) in now.words
            assert tells_of_it, address.path
            assert again(case, address, before).status_code == 200, address.path
        else:
            assert are_alike(now, then), address.path
            assert address not in kept or again(case, address, before).status_code == 304
