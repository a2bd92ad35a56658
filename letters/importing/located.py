"""JSON of which every value knows its line, and the check of its values."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from coalition.text import clean_line, clean_text, fits

MOST_BYTES = 5_000_000
DEEPEST = 20


class Refused(Exception):
    """A file from which nothing is taken; every problem is a sentence."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))


class Node(NamedTuple):
    """A value, its parts nodes themselves, and the line on which it begins."""

    value: Any
    line: int


def parse(data: bytes) -> Node:
    if len(data) > MOST_BYTES:
        raise Refused(f"The file is larger than {MOST_BYTES // 1_000_000} MB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Refused(f"line {line}: This is not UTF-8.") from error
    try:
        json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        raise Refused(f"line {error.lineno}: This is not JSON: {error.msg}.") from error
    except RecursionError:
        pass  # `_node` finds the line
    tokens = _tokens(text)
    return _node(*next(tokens), tokens, depth=1)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Brackets, strings and other scalars of valid JSON, each with its line."""
    line, counted = 1, 0
    for match in re.finditer(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\]]|[^\s{}\[\]:,"]+', text, re.DOTALL):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        yield match[0], line


def _node(start: str, line: int, tokens: Iterator[tuple[str, int]], *, depth: int) -> Node:
    if depth > DEEPEST:
        raise Refused(f"line {line}: This is nested more than {DEEPEST} levels deep.")
    if start == "{":
        fields: dict[str, Node] = {}
        for name, name_line in tokens:
            if name == "}":
                break
            key = json.loads(name)
            if key in fields:
                raise Refused(f"line {name_line}: “{clean_line(key)[:40]}” stands twice in one object.")
            fields[key] = _node(*next(tokens), tokens, depth=depth + 1)
        return Node(fields, line)
    if start == "[":
        items: list[Node] = []
        for item, item_line in tokens:
            if item == "]":
                break
            items.append(_node(item, item_line, tokens, depth=depth + 1))
        return Node(items, line)
    return Node(json.loads(start, parse_int=_whole), line)


def _whole(figures: str) -> int | float:
    """Python refuses to read thousands of figures as an int."""
    return int(figures) if len(figures) < 10 else float(figures)


class Check:
    """Takes values out of nodes, and gathers what is wrong with them. What is wrong comes out empty."""

    def __init__(self) -> None:
        self.problems: list[tuple[int, str]] = []

    def wrong(self, node: Node, sentence: str) -> None:
        self.problems.append((node.line, sentence))

    def refuse_problems(self) -> None:
        if self.problems:
            raise Refused(*(f"line {line}: {sentence}" for line, sentence in sorted(self.problems)))

    def line(self, holder: Node, key: str, most: int, *, optional: bool = False) -> str:
        """One line of text, exactly as it stands but for Unicode's composed form (NFC)."""
        node = self.value(holder, key, str, optional=optional)
        if node is None or (optional and not node.value.strip()):
            return ""
        return self.clean(node, key, most, one_line=True)

    def text(self, holder: Node, key: str, most: int) -> str:
        node = self.value(holder, key, str)
        return self.clean(node, key, most) if node else ""

    def items(self, holder: Node, key: str, kind: type) -> list[Node]:
        """The members of a list, those that are of one kind."""
        node = self.value(holder, key, list)
        members: list[Node] = node.value if node else []
        for member in members:
            if type(member.value) is not kind:
                self.wrong(member, f"Each of “{key}” should be {_WORDS[kind]}.")
        return [member for member in members if type(member.value) is kind]

    def value(
        self, holder: Node, key: str, *kinds: type, optional: bool = False, nullable: bool = False
    ) -> Node | None:
        """The value under a key; None where it is missing or null. `optional`: it may be either."""
        node: Node | None = holder.value.get(key)
        if node is None:
            if not optional:
                self.wrong(holder, f"“{key}” is missing.")
            return None
        if node.value is None and (optional or nullable):
            return None
        if type(node.value) not in kinds:
            self.wrong(node, f"“{key}” should be {' or '.join(_WORDS[kind] for kind in kinds)}.")
            return None
        return node

    def clean(self, node: Node, name: str, most: int, *, one_line: bool = False) -> str:
        """The string of a node. Nothing in it is repaired: what can't be printed is a problem."""
        if not fits(node.value, most):
            self.wrong(node, f"“{name}” is longer than {most} characters.")
            return ""
        text = unicodedata.normalize("NFC", node.value)
        if not text.strip():
            self.wrong(node, f"“{name}” is empty.")
        if not all(_is_printable(line) for line in ([text] if one_line else text.splitlines())):
            self.wrong(node, f"“{name}” holds a character that can't be printed{_examples(text)}.")
            return ""
        return text if one_line else clean_text(text)


def _is_printable(line: str) -> bool:
    """Whether cleaning would change nothing but spaces."""
    has_controls = any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in line)
    return not has_controls and "".join(line.split()) == "".join(clean_line(line).split())


def _examples(text: str) -> str:
    gone = {f"U+{ord(letter):04X}" for letter in text if letter != " " and not clean_line(letter)}
    return f": {', '.join(sorted(gone)[:3])}" if gone else ""


_WORDS = {str: "a string", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}
