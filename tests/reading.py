"""How the tests read pages and mails: as text, links and figures, not as markup."""

from __future__ import annotations

import io
import json
import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

from pypdf import PdfReader


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")


def _read(response: Any) -> _Page:
    page = _Page()
    page.feed(response.content.decode())
    return page


def text_of(response: Any) -> str:
    """The words of a page, white space folded."""
    return " ".join(" ".join(_read(response).words).split())


def links_of(response: Any) -> list[str]:
    return _read(response).links


def count_on(response: Any) -> int:
    """The figure that other programs read off a letter's page."""
    found = re.search(r'<data id="signatory-count" value="(\d+)"', response.content.decode())
    assert found, "The page shows no count."
    return int(found[1])


def words_of(message: EmailMessage) -> str:
    """The text part of a mail, its lines joined."""
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def link_in(message: EmailMessage) -> str:
    """The path of the private link in a mail."""
    found = re.search(r"http://testserver(/[\w-]+/endorsements/\S+)", words_of(message))
    assert found, "The mail has no private link."
    return found[1]


def address_in(message: EmailMessage, room: str) -> str:
    """The whole address of the private link in a mail, as a browser opens it; `room`: endorsements or invitations."""
    found = re.search(rf"http://\S+/{room}/\S+", words_of(message))
    assert found, f"The mail has no link to {room}."
    return found[0]


def count_in_pdf(data: bytes) -> int:
    """The number of organisations that a PDF in English prints."""
    words = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(data)).pages)
    found = re.search(r"(\d+)\s+organisations?", words)
    assert found, "The PDF prints no count."
    return int(found[1])


def count_in_record(data: bytes) -> int:
    """The number of organisations in the newest entry of a public record that gives one."""
    counts = [entry["content"]["count"] for entry in json.loads(data)["entries"] if "count" in entry["content"]]
    assert counts, "The record gives no count."
    return int(counts[-1])
