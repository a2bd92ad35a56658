"""How the tests crawl: every public address that the URL table has for what is in the database, hidden or not."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import translation
from pypdf import PdfReader

from coalition.access import Who, declared
from letters.models import Letter, Text
from signatories.models import Organisation

#: Each address that anyone may read, and how it is filled in: with all that the letter or the organisation has of it.
FILLED: dict[str, dict[str, str]] = {
    "letters:home": {},
    "letters:about": {},
    "letters:letter": {"slug": "letter"},
    "letters:letter-in": {"slug": "letter", "language": "language"},
    "letters:signatories": {"slug": "letter"},
    "letters:versions": {"slug": "letter"},
    "letters:record-help": {},
    "letters:sign": {"slug": "letter"},
    "letters:sign-sent": {"slug": "letter"},
    "letters:organisations": {},
    "letters:organisation": {"slug": "organisation"},
    "letters:organisation-logo": {"slug": "organisation"},
    "letters:organisation-correct": {"slug": "organisation"},
    "files:letter-pdf": {"slug": "letter"},
    "files:letter-docx": {"slug": "letter"},
    "files:letter-txt": {"slug": "letter"},
    "files:record": {"slug": "letter"},
    "files:version": {"slug": "letter", "number": "version"},
    "files:attachment": {"slug": "letter", "public_id": "attachment"},
    "livez": {},
    "readyz": {},
    "robots": {},
}
#: Only where settings.COALITION_LOCAL is on, for the one person at the machine: all mail can be read there.
TRIAL = {"outbox", "outbox-message"}


class Address(NamedTuple):
    """A path, the name of its pattern, and what it tells of."""

    name: str
    path: str
    subject: Letter | Organisation | None


def patterns(resolver: URLResolver | None = None, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        else:
            yield f"{namespace}{entry.name}", entry


def open_to_anyone() -> set[str]:
    return {
        name
        for name, pattern in patterns()
        if (access := declared(name, pattern.callback)) and access.get is Who.ANYONE and not name.startswith("admin:")
    }


def addresses() -> list[Address]:
    """Of every letter and organisation, in every language of the interface; each path once."""
    found = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            for subject, values in _subjects():
                for name, filling in FILLED.items():
                    if set(filling.values()) <= values.keys() and bool(filling) is bool(values):
                        for chosen in product(*(values[value] for value in filling.values())):
                            path = reverse(name, kwargs=dict(zip(filling, chosen, strict=True)))
                            found.setdefault(path, Address(name, path, subject))
    return list(found.values())


def _subjects() -> Iterator[tuple[Letter | Organisation | None, dict[str, list[str]]]]:
    """What addresses tell of, and what can stand in them."""
    yield None, {}
    for letter in Letter.objects.order_by("pk"):
        texts = Text.objects.filter(version__letter=letter)
        yield (
            letter,
            {
                "letter": [letter.slug],
                "language": sorted(set(texts.values_list("language", flat=True))),
                "version": [str(number) for number in letter.versions.values_list("number", flat=True)],
                "attachment": list(letter.attachments.values_list("public_id", flat=True)),
            },
        )
    for organisation in Organisation.objects.order_by("pk"):
        yield organisation, {"organisation": [organisation.slug]}


class Stranger(Client):
    """Comes without cookies each time. One for a whole crawl, as each new one builds all middleware anew."""

    def request(self, **request: Any) -> Any:
        self.cookies.clear()
        return super().request(**request)


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def headers_of(answer: Any) -> str:
    return "\n".join(f"{name}: {value}" for name, value in answer.headers.items())


def unpacked(body: bytes) -> str:
    """All that can be read in a page, a file or a document, metadata too."""
    if body.startswith(b"%PDF-"):
        reader = PdfReader(io.BytesIO(body))
        return "\n".join([str(reader.metadata), *(sheet.extract_text() for sheet in reader.pages)])
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return body.decode("utf-8", "replace")


#: What a form carries of the moment and the visitor.
_OF_THE_MOMENT = re.compile(rb'(name="(?:csrfmiddlewaretoken|started)" value=")[^"]*')


def same_for_all(body: bytes) -> bytes:
    """A page without what its form carries of the moment and of the visitor."""
    return _OF_THE_MOMENT.sub(rb"\1", body)
