"""Markdown of letters: CommonMark without raw HTML and pictures, sanitised all the same."""

from __future__ import annotations

from functools import cache

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

TAGS = {"p", "br", "strong", "em", "a", "ul", "ol", "li", "blockquote", "h2", "h3", "hr", "code"}
ATTRIBUTES = {"a": {"href"}, "p": {"class", "id"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}


def render(text: str, *, is_cited: bool = True) -> SafeString:
    """HTML of a body; where it is cited, paragraphs of the first level are numbered (`id="p3"`)."""
    parser = _parser()
    tokens = parser.parse(text)
    number = 0
    for token in tokens:
        if is_cited and token.type == "paragraph_open" and token.level == 0:
            number += 1
            token.attrs = {"class": "n", "id": f"p{number}"}
        if token.tag == "h1":
            token.tag = "h2"
    return _sanitised(parser.renderer.render(tokens, parser.options, {}))


def render_inline(text: str) -> SafeString:
    """HTML of one line: emphasis and links only."""
    return _sanitised(_parser().renderInline(text))


def _sanitised(html: str) -> SafeString:
    return SafeString(
        nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener")
    )


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable("image")
