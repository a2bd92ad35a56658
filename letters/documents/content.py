"""A sheet: all that a document of a letter prints, gathered once and complete in itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db.models import Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from coalition import countries
from coalition.languages import direction
from coalition.models import SiteSettings
from coalition.templatetags.words import day, figure, instant
from letters import counting
from letters.models import Delivery, DeliveryLine, Endorsement, Letter, Text
from signatories.models import Organisation

Consultative = Organisation.Consultative
_SHAPES = {"TW": "hant", "HK": "hant", "MO": "hant", "JP": "ja", "KR": "ko", "KP": "ko"}
#: Above this many names the list is set in two columns.
SHORT_LIST = 8


@dataclass(frozen=True)
class Line:
    """One organisation of the list."""

    number: int
    name: str
    acronym: str
    country: str
    """Its code."""
    tier: str
    consultative: str
    """Status with the UN's ECOSOC: general, special, roster or ""."""
    after_delivery: int | None = None
    """The delivery after which it signed, where one had gone out before."""

    @property
    def script(self) -> str:
        """Whose shapes Chinese characters take in a name whose language nobody has recorded: those of its country."""
        return _SHAPES.get(self.country, "")


@dataclass(frozen=True)
class To:
    """One addressee."""

    name: str
    is_copied: bool


@dataclass(frozen=True)
class Sheet:
    """Plain values only, so that it can be made in one process and printed in another."""

    reference: str
    kind: str
    dated_on: date | None
    date_precision: str
    addressees: tuple[To, ...]
    language: str
    title: str
    summary: str
    salutation: str
    body: str
    demands: tuple[str, ...]
    closing: str
    organisations: int
    named: int
    withheld: tuple[tuple[str, int], ...]
    """Country code → organisations without their name; "" for those whose country is not given."""
    lines: tuple[Line, ...]
    as_of: datetime
    site: str
    contact: str
    address: str
    """Of the letter's public page."""
    version: int
    digest: str
    delivery: int | None = None
    in_all: int | None = None
    """Of an addendum, which lists only who signed since: the organisations with those that were listed before."""

    @classmethod
    def of(cls, letter: Letter, text: Text, at: datetime) -> Sheet:
        """Today's edition: the list as it is at that instant."""
        count = counting.count(letter, at)
        withheld = {code: number for code, number in count.withheld_by_country.items() if code}
        return cls(
            organisations=count.organisations,
            named=count.named,
            withheld=_in_order(withheld | {"": count.country_not_given}),
            lines=tuple(_listed(letter)),
            as_of=at,
            **_of_text(letter, text),
        )

    @classmethod
    def of_delivery(cls, delivery: Delivery, text: Text) -> Sheet:
        """What was handed over: the list as it was frozen, without the names that were removed for safety since."""
        printed = [line.printed for line in delivery.lines.order_by("position") if line.printed]
        return cls(
            organisations=delivery.listed,
            named=delivery.named,
            withheld=_in_order(delivery.withheld),
            lines=tuple(_frozen(number, row) for number, row in enumerate(printed, start=1)),
            as_of=delivery.at,
            delivery=delivery.number,
            in_all=delivery.count if delivery.is_addendum else None,
            **_of_text(delivery.letter, text),
        )

    @property
    def direction(self) -> str:
        return direction(self.language)

    @property
    def words_language(self) -> str:
        """The language of what the document itself says: that of the text where the interface has it, else English."""
        return words_language(self.language)

    @property
    def words_direction(self) -> str:
        return direction(self.words_language)

    def in_its_words(self) -> AbstractContextManager[Any]:
        return override(self.words_language)

    @property
    def is_submission(self) -> bool:
        """Laid out as the UN has it: organisations in consultative status submit it, others support it."""
        return self.kind == Letter.Kind.SUBMISSION and any(line.consultative for line in self.lines)

    @property
    def has_columns(self) -> bool:
        return len(self.lines) > SHORT_LIST

    @property
    def is_partial(self) -> bool:
        """Names were removed from a frozen list, so that it holds fewer than were delivered."""
        return len(self.lines) < self.named

    def submitters(self) -> list[tuple[list[Line], str]]:
        """Organisations in consultative status by that status, each group with the words that follow it."""
        groups = [(Consultative(status), self._with_status(status)) for status in Consultative.values]
        return [(lines, _status_words(status, len(lines))) for status, lines in groups if lines]

    def supporters(self) -> list[Line]:
        return self._with_status("")

    def _with_status(self, status: str) -> list[Line]:
        return [line for line in self.lines if line.consultative == status]

    def entries(self) -> list[tuple[Line, str]]:
        return [(line, self.about(line)) for line in self.lines]

    # What the document says, in the language that is active

    def heading(self) -> str:
        shown = figure(self.organisations)
        return ngettext("%(shown)s organisation", "%(shown)s organisations", self.organisations) % {"shown": shown}

    def date_words(self) -> str:
        return day(self.dated_on, self.date_precision)

    def as_of_words(self) -> str:
        if self.delivery is not None:
            words = {"number": figure(self.delivery), "when": instant(self.as_of)}
            if self.in_all is not None:
                return _("Delivery %(number)s, an addendum, %(when)s") % words
            return _("Delivery %(number)s, %(when)s") % words
        return _("As of %(date)s.") % {"date": instant(self.as_of)}

    def addendum_words(self) -> str:
        """What the list of an addendum leaves out; nothing where the list is whole."""
        if self.delivery is None or self.in_all is None:
            return ""
        return ngettext(
            "Addendum to delivery %(number)s: those who signed since. With them %(shown)s organisation in all.",
            "Addendum to delivery %(number)s: those who signed since. With them %(shown)s organisations in all.",
            self.in_all,
        ) % {"number": figure(self.delivery - 1), "shown": figure(self.in_all)}

    def sealed_words(self) -> str:
        return _("Version %(number)s of the text; SHA-256 %(digest)s") % {
            "number": figure(self.version),
            "digest": self.digest,
        }

    def withheld_words(self) -> list[str]:
        """A sentence for each country with organisations that stand without their name."""
        named = sorted((self._country(code), number) for code, number in self.withheld if code)
        said = [
            ngettext(
                "and an organisation in %(country)s, without its name",
                "and %(shown)s organisations in %(country)s, without their names",
                number,
            )
            % {"country": country, "shown": figure(number)}
            for country, number in named
        ]
        if more := dict(self.withheld).get("", 0):
            said.append(
                ngettext(
                    "and one organisation more, country not given",
                    "and %(shown)s organisations more, country not given",
                    more,
                )
                % {"shown": figure(more)}
            )
        if self.is_partial:
            said.append(_("Names that had to be withheld since the delivery are not printed any more."))
        return said

    def about(self, line: Line) -> str:
        """What stands after a name: its country, and its part in the letter."""
        parts = [self._country(line.country) if line.country else ""]
        if line.tier == Endorsement.Tier.CONVENER:
            parts.append(_("convened this letter"))
        elif line.tier == Endorsement.Tier.INITIAL:
            parts.append(_("initial signatory"))
        if line.after_delivery is not None:
            parts.append(_("signed after delivery %(number)s") % {"number": figure(line.after_delivery)})
        return " · ".join(filter(None, parts))

    def _country(self, code: str) -> str:
        return countries.name(code, self.words_language)


def words_language(tag: str) -> str:
    """The language of the interface nearest to a tag, in the same script; English where there is none."""
    base, *rest = tag.lower().split("-")
    if base == "zh" and {"hant", "tw", "hk", "mo"}.intersection(rest):
        return "en"
    return next((code for code, _name in settings.LANGUAGES if code.partition("-")[0] == base), "en")


def _of_text(letter: Letter, text: Text) -> dict[str, Any]:
    site = SiteSettings.load()
    return {
        "reference": letter.reference,
        "kind": letter.kind,
        "dated_on": letter.dated_on,
        "date_precision": letter.date_precision,
        "addressees": tuple(To(str(to), to.is_copied) for to in letter.addressees.all()),
        "language": text.language,
        "title": text.title,
        "summary": text.summary,
        "salutation": text.salutation,
        "body": text.body,
        "demands": tuple(text.demands),
        "closing": text.closing,
        "site": site.name,
        "contact": site.contact_email,
        "address": _address(letter, text),
        "version": text.version.number,
        "digest": text.version.digest or "",
    }


def _address(letter: Letter, text: Text) -> str:
    with override(words_language(text.language)):
        return f"{settings.SITE_URL}{letter.get_absolute_url()}"


def _listed(letter: Letter) -> Iterable[Line]:
    """The public list; a signatory that no delivery holds, or only a later one, says after which it signed."""
    names = letter.endorsements.listed().in_order_of(letter)
    rows = names.values_list(
        "pk", "printed_name", "printed_acronym", "printed_country", "tier", "organisation__ecosoc_status"
    )
    lines = DeliveryLine.objects.filter(delivery__letter=letter).order_by()
    first = dict(lines.values_list("endorsement").annotate(first=Min("delivery__number")))
    last = letter.deliveries.aggregate(last=Max("number"))["last"] or 0
    for number, (pk, name, acronym, country, tier, status) in enumerate(rows, start=1):
        before = first.get(pk, last + 1) - 1
        yield Line(number, name, acronym, country, tier, _known(status), before or None)


def _frozen(number: int, printed: Mapping[str, Any]) -> Line:
    return Line(
        number=number,
        name=printed["name"],
        acronym=printed.get("acronym", ""),
        country=printed.get("country", ""),
        tier=printed.get("tier", Endorsement.Tier.SIGNATORY),
        consultative=_known(printed.get("is_consultative")),
    )


def _known(status: object) -> str:
    return str(status) if status in Consultative.values else ""


def _in_order(withheld: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((code, number) for code, number in withheld.items() if number))


def _status_words(status: Consultative, number: int) -> str:
    match status:
        case Consultative.GENERAL:
            return ngettext(
                "non-governmental organisation in general consultative status",
                "non-governmental organisations in general consultative status",
                number,
            )
        case Consultative.SPECIAL:
            return ngettext(
                "non-governmental organisation in special consultative status",
                "non-governmental organisations in special consultative status",
                number,
            )
        case _:
            return ngettext(
                "non-governmental organisation on the roster",
                "non-governmental organisations on the roster",
                number,
            )
