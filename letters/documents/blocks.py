"""Markdown of a letter as blocks of words, for documents that are not HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from markdown_it.token import Token

from coalition import markdown


@dataclass(frozen=True)
class Run:
    """Words set in one way; the address of a link stands behind its words."""

    text: str
    bold: bool = False
    italic: bool = False
    is_code: bool = False


@dataclass(frozen=True)
class Block:
    """`kind`: paragraph, heading, item, code, rule. `marker`: what stands before the first paragraph of an item."""

    kind: str
    runs: tuple[Run, ...] = ()
    depth: int = 0
    """How many lists it stands in."""
    marker: str = ""
    is_quoted: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


def blocks(text: str) -> list[Block]:
    return list(_blocks(markdown._parser().parse(text)))


def inline(text: str) -> tuple[Run, ...]:
    """One line: emphasis and links only."""
    return tuple(_runs(markdown._parser().parseInline(text)[0].children or []))


def plain(text: str) -> str:
    return "".join(run.text for run in inline(text))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    lists: list[int | None] = []
    quotes = 0
    marker, kind = "", "paragraph"
    for token in tokens:
        match token.type:
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_open":
                lists.append(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                number = lists[-1]
                marker = "•" if number is None else f"{number}."
                lists[-1] = None if number is None else number + 1
            case "list_item_close":
                marker = ""
            case "blockquote_open":
                quotes += 1
            case "blockquote_close":
                quotes -= 1
            case "heading_open":
                kind = "heading"
            case "heading_close":
                kind = "paragraph"
            case "hr":
                yield Block("rule")
            case "fence" | "code_block":
                yield Block("code", (Run(token.content.rstrip("\n"), is_code=True),), len(lists), "", quotes > 0)
            case "inline":
                shown = "item" if lists and kind == "paragraph" else kind
                yield Block(shown, tuple(_runs(token.children or [])), len(lists), marker, quotes > 0)
                marker = ""


def _runs(tokens: Sequence[Token]) -> Iterator[Run]:
    style = Run("")
    links: list[tuple[str, list[str]]] = []
    for token in tokens:
        match token.type:
            case "strong_open" | "strong_close":
                style = replace(style, bold=token.nesting == 1)
            case "em_open" | "em_close":
                style = replace(style, italic=token.nesting == 1)
            case "link_open":
                links.append((str(token.attrs.get("href", "")), []))
            case "link_close":
                address, words = links.pop()
                shown = address.removeprefix("mailto:")
                if shown and "".join(words) != shown:
                    yield replace(style, text=f" ({shown})")
            case "softbreak":
                yield replace(style, text=" ")
            case "hardbreak":
                yield replace(style, text="\n")
            case "text" | "code_inline" if token.content:
                if links:
                    links[-1][1].append(token.content)
                yield replace(style, text=token.content, is_code=token.type == "code_inline")
