"""One signal: a sentence, and a sign for the eye."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.text import get_text_list
from django.utils.translation import gettext as _

ODD, ASK, ASIDE, SEEN, FITS = "!", "?", "~", "*", "="
#: What is odd comes first, what fits last.
ORDER = (ODD, ASK, ASIDE, SEEN, FITS)


@dataclass(frozen=True)
class Signal:
    """The sign says that it fits, was seen before, is worth knowing, is odd, or is to be asked."""

    glyph: str
    words: str

    def __str__(self) -> str:
        return self.words


def in_order(signals: Iterable[Signal]) -> list[Signal]:
    return sorted(signals, key=lambda signal: ORDER.index(signal.glyph))


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return get_text_list(list(names), _("and"))
