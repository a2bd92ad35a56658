"""Whatever the public can read here, it can read in these languages: every sentence, with its figures and names."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.utils.translation import override
from django.utils.translation.template import templatize

from tests.test_house import HOUSE, MODULES, TEMPLATES, named

LANGUAGES = ("ar",)
#: The desk and the command line, which only coordinators see; what models call their fields is left out as well.
LEFT_OUT = (
    "templates/admin/",
    "templates/coalition/outbox",
    "coalition/admin.py",
    "coalition/desk.py",
    "letters/admin/",
    "letters/importing/",
    "letters/repointing.py",
    "signatories/admin.py",
    "signatories/alike.py",
    "signatories/forms.py",
    "signatories/matching.py",
    "signatories/merging",
    "signatories/suspicion.py",
    "signatories/vetting.py",
    "letters/imports.py",
    "letters/models/imports.py",
    "signatories/admin_imports.py",
    "signatories/admin_lines.py",
    "signatories/importing/",
    "signatories/imports.py",
    "signatories/suggesting.py",
    "signatories/bulk_desk.py",
    "signatories/doubles.py",
    "signatories/tasks.py",
)
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]")
TAG = re.compile(r"</?[a-z][^>]*>")


class Said(NamedTuple):
    """One string as the code has it; without a plural, that is empty."""

    context: str | None
    words: str
    plural: str


def spoken(name: str, source: str) -> Iterator[tuple[Said, str]]:
    """Every string that a template or module has translated, and where."""
    if not name.endswith(".py"):
        source = "\n".join(line.strip() for line in templatize(source, origin=name).splitlines())
    for line, words, _, context in extract("python", BytesIO(source.encode()), keywords=KEYWORDS):
        singular, plural = words if isinstance(words, tuple) else (words, "")
        yield Said(context, singular, plural), f"{name}:{line}"


@cache
def names_at_the_desk() -> frozenset[str]:
    """What models and their fields are called."""
    with override(None):
        return frozenset(
            str(words)
            for config in apps.get_app_configs()
            if Path(config.path).parent == HOUSE
            for model in config.get_models()
            for thing in (model._meta, *model._meta.get_fields())
            for words in (getattr(thing, name, "") for name in ("verbose_name", "verbose_name_plural", "help_text"))
            if words
        )


@cache
def public() -> dict[Said, list[str]]:
    """All that the public can meet, and where."""
    found: dict[Said, list[str]] = {}
    for path in (*TEMPLATES, *MODULES):
        name = named(path)
        source = path.read_text()
        if name.startswith(LEFT_OUT) or (path.suffix == ".py" and "gettext" not in source):
            continue
        is_model = "/models" in name
        for said, place in spoken(name, source):
            if not (is_model and said.words in names_at_the_desk()):
                found.setdefault(said, []).append(place)
    return found


def po(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


@cache
def catalog(language: str) -> Catalog:
    with po(language).open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def missing(said: dict[Said, list[str]], words: Catalog) -> list[str]:
    """Those without words of their own, one a line with the place."""
    return [
        f"{places[0]}: {one.words}"
        for one, places in said.items()
        if (entry := words.get(one.words, one.context)) is None
        or not all(forms(entry))
        or (bool(one.plural) and entry.id != (one.words, one.plural))
    ]


def forms(entry: Message) -> tuple[str, ...]:
    return (entry.string or "",) if isinstance(entry.string, str | None) else tuple(entry.string)


def originals(entry: Message) -> tuple[str, ...]:
    return (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)


def for_many(words: Catalog) -> tuple[bool, ...]:
    """For each plural form, whether more than one number takes it, so that it has to say which."""
    taken = Counter(map(gettext.c2py(words.plural_expr), range(1, 1000)))
    return tuple(taken[number] > 1 for number in range(words.num_plurals))


def broken(entry: Message, many: tuple[bool, ...]) -> str:
    """What is wrong with the placeholders, tags and plural forms of one entry; nothing if all is well."""
    source = originals(entry)[-1]
    wanted = Counter(PLACEHOLDER.findall(source))
    if len(originals(entry)) > 1 and len(forms(entry)) != len(many):
        return f"{len(forms(entry))} plural forms instead of {len(many)}"
    for number, form in enumerate(forms(entry)):
        has = Counter(PLACEHOLDER.findall(form))
        if len(originals(entry)) == 1 or many[number]:
            if has.keys() != wanted.keys():
                return f"placeholders {sorted(has)} instead of {sorted(wanted)}"
        elif not has.keys() <= wanted.keys():
            return f"placeholders {sorted(has - wanted)} that the original lacks"
        if wanted and "%" in PLACEHOLDER.sub("", form).replace("%%", ""):
            return "a stray %"
        if Counter(TAG.findall(form)) != Counter(TAG.findall(source)):
            return "other tags than the original"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_sentence_is_translated(language: str) -> None:
    lacking = missing(public(), catalog(language))
    assert not lacking, f"Write these in {po(language).relative_to(HOUSE)}:\n" + "\n".join(lacking)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_a_figure_a_name_or_a_tag(language: str) -> None:
    words = catalog(language)
    many = for_many(words)
    assert len(many) >= Catalog(locale=language).num_plurals, "The heading lacks plural forms."
    wrong = [f"{originals(entry)[0]}: {fault}" for entry in words if entry.id and (fault := broken(entry, many))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_a_translation_is_doubtful_or_said_twice(language: str) -> None:
    words = catalog(language)
    assert not [originals(entry)[0] for entry in words if entry.id and entry.fuzzy], "A fuzzy entry is not used."
    written = len(re.findall(r"^msgid ", po(language).read_text(), flags=re.MULTILINE))
    assert written == len(words) + 1, "The same msgid stands there twice."


@pytest.mark.parametrize("path", [path for path in TEMPLATES if not named(path).startswith(LEFT_OUT)], ids=named)
def test_no_public_template_says_anything_untranslated(path: Path) -> None:
    bare = re.sub(r"{% blocktranslate\b.*?{% endblocktranslate %}", "", path.read_text(), flags=re.DOTALL)
    bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", bare, flags=re.DOTALL)
    bare = re.sub(r"<(pre|code|style|script)\b.*?</\1>", "", bare, flags=re.DOTALL)
    read_out = re.findall(r"\b(?:alt|aria-label|placeholder|title)=\"([^\"]+)\"", bare)
    left = re.findall(r"(?<!\.)\b[^\W\d_]{2,}", " ".join([re.sub(r"<[^>]*>", " ", bare), *read_out]))
    assert not left, f"{named(path)} says {left} in every language: put it into a translate tag."


def test_the_extraction_reads_templates_and_modules() -> None:
    page = """{% load i18n %}<p title="{% translate 'A title' %}">It's {% translate "From" context "version" %}</p>
      {% blocktranslate with name=a.b %}By <bdi>{{ name }}</bdi>{% endblocktranslate %}
        {% blocktranslate count shown=n %}{{ shown }} day{% plural %}{{ shown }} days{% endblocktranslate %}"""
    assert [said for said, place in spoken("page.html", page)] == [
        (None, "A title", ""),
        ("version", "From", ""),
        (None, "By <bdi>%(name)s</bdi>", ""),
        (None, "%(shown)s day", "%(shown)s days"),
    ]
    module = (
        'raise NotAllowed(_("One " "sentence."))\nngettext("a day", "%(n)s days", n)\npgettext_lazy("when", "May")\n'
    )
    assert list(spoken("verbs.py", module)) == [
        ((None, "One sentence.", ""), "verbs.py:1"),
        ((None, "a day", "%(n)s days"), "verbs.py:2"),
        (("when", "May", ""), "verbs.py:3"),
    ]


def test_what_is_missing_or_broken_is_found() -> None:
    words = Catalog(locale="ar")
    many = for_many(words)
    assert many == (False, False, False, True, True, True)
    words.add("Show", "عرض")
    words.add("Empty", "")
    words.add(("%(n)s day", "%(n)s days"), ("", "يوم", "يومان", "%(n)s أيام", "%(n)s يوماً", "%(n)s يوم"))
    said = {Said(None, "Show", ""), Said("button", "Show", ""), Said(None, "Empty", ""), Said(None, "New", "")}
    found = missing({one: ["page.html:1"] for one in [*said, Said(None, "%(n)s day", "%(n)s days")]}, words)
    assert sorted(found) == [f"page.html:1: {one}" for one in ("%(n)s day", "Empty", "New", "Show")]

    days = ("لا أيام", "يوم", "يومان", "%(n)s أيام", "%(n)s يوماً", "%(n)s يوم")
    for original, translated, fault in (
        ("By %(name)s", "بقلم %(name)s", ""),
        ("By %(name)s", "بقلم", "placeholders [] instead of ['%(name)s']"),
        ("By %(name)s", "بقلم %(nom)s", "placeholders ['%(nom)s'] instead of ['%(name)s']"),
        ("By %(name)s", "بقلم %(name)s %(", "a stray %"),
        ("By <bdi>me</bdi>", "بقلمي", "other tags than the original"),
        (("%(n)s day", "%(n)s days"), days, ""),
        (("%(n)s day", "%(n)s days"), days[:2], "2 plural forms instead of 6"),
        (("%(n)s day", "%(n)s days"), (*days[:5], "يوم"), "placeholders [] instead of ['%(n)s']"),
        (("%(n)s day", "%(n)s days"), ("%(m)s", *days[1:]), "placeholders ['%(m)s'] that the original lacks"),
    ):
        assert broken(Message(original, translated), many) == fault
