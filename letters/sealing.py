"""Sealing a version: what its texts still need before, in words, and the seal itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from coalition.languages import display_name
from coalition.templatetags.words import figure
from coalition.workflow import NotAllowed
from letters.models import Letter, Text, Version


def seal(version: Version, at: datetime) -> None:
    """Only what is complete; the caller has the letter locked."""
    if lacks := unfinished(version.letter, version.texts.all()):
        raise NotAllowed(" ".join(lacks))
    version.digest, version.sealed_at = version.compute_digest(), at
    version.save()


def unfinished(letter: Letter, texts: Iterable[Text]) -> list[str]:
    """What keeps these texts from being sealed, as sentences. A letter recorded from a published list stands as it was
    published, whatever one of its languages left out."""
    by_language = {text.language: text for text in texts}
    leading = by_language.get(letter.authoritative_language)
    found = [] if leading else [_no_text(letter)]
    for text in by_language.values():
        found += _lacks(text)
        if leading is not None and not letter.is_recorded and len(text.demands) != len(leading.demands):
            found.append(_other_demands(text, leading))
    return found


def is_written(text: Text) -> bool:
    return bool(text.title.strip() and text.body.strip())


def language_name(tag: str) -> str:
    """In the language of the interface."""
    name = display_name(tag, get_language() or "en")
    return name[:1].upper() + name[1:]


def _no_text(letter: Letter) -> str:
    language = language_name(letter.authoritative_language)
    return _("Write the text in the authoritative language: %(language)s.") % {"language": language}


def _lacks(text: Text) -> Iterator[str]:
    if not is_written(text):
        lacks = _("a title") if text.body.strip() else _("a body") if text.title.strip() else _("a title and a body")
        yield _("The text in %(language)s needs %(lacks)s.") % {
            "language": language_name(text.language),
            "lacks": lacks,
        }


def _other_demands(text: Text, leading: Text) -> str:
    return _("The number of demands in %(language)s is %(number)s instead of %(most)s.") % {
        "language": language_name(text.language),
        "number": figure(len(text.demands)),
        "most": figure(len(leading.demands)),
    }
