"""How the tests read pages and mails: as text, links and figures, not as markup."""

from __future__ import annotations

import re
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any


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
