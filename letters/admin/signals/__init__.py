"""What a moderator should know of an endorsement before deciding, in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coalition.templatetags.words import country, day, figure
from letters.admin.signals import address
from letters.admin.signals.signal import ASIDE, ASK, ODD, SEEN, Signal, in_order, listed
from letters.models import Endorsement, Representative
from signatories import mailboxes, matching
from signatories.importing import hazards
from signatories.models import Organisation
from signatories.suspicion import suspicious
from signatories.vetting import registrable_domain

Standing = Organisation.Standing
#: Codes that came with the sign-on.
CAME_WITH_IT = {
    "honeypot": gettext_lazy("a field was filled in that only programs see"),
    "fast": gettext_lazy("sent within five seconds"),
    "no_start": gettext_lazy("sent without opening the form"),
    "hidden_characters": gettext_lazy("invisible characters in the name"),
    "flood": gettext_lazy("one of very many from the same network"),
}
#: What often goes wrong in printed lists, and may go wrong in a form.
IN_A_NAME = frozenset({"person", "capitals", "email", "handle", "job_title", "et_al"})


def signals(
    endorsements: Collection[Any], contacts: Mapping[int, Representative], *, looks_closely: bool = False
) -> dict[int, list[Signal]]:
    """Of each endorsement, by its key, the oddest first; without its representative nothing that tells of the address.

    `looks_closely`: domains that differ from a known one by a letter are found too.
    """
    doubtful = {
        endorsement.pk: address.doubtful(endorsement, contacts.get(endorsement.pk)) for endorsement in endorsements
    }
    posing = address.posing(set().union(*doubtful.values()), looks_closely)
    found = {}
    for endorsement in endorsements:
        contact = contacts.get(endorsement.pk)
        told = [
            *_of_the_form(endorsement),
            *_of_others(endorsement, contact),
            *address.of_its_address(endorsement, contact),
            *_of_its_names(endorsement),
        ]
        for domain in doubtful[endorsement.pk]:
            told += address.of_a_domain(domain, endorsement, posing)
        found[endorsement.pk] = in_order(told)
    return found


def like(candidate: matching.Candidate) -> Signal:
    """An entry of the register that may mean the same organisation."""
    found = candidate.organisation
    who = ", ".join([found.name, *([country(found.country)] if found.country else [])])
    said = {"level": candidate.level.label, "who": who, "reasons": ", ".join(candidate.reasons)}
    return Signal(ODD, _("%(level)s: %(who)s (%(reasons)s)") % said)


# What it came with, and what else there is


def _of_the_form(endorsement: Any) -> Iterable[Signal]:
    codes = [*endorsement.signals, *(["flood"] if endorsement.came_in_a_flood else [])]
    yield from (Signal(ASK, str(CAME_WITH_IT.get(code, code))) for code in codes)
    if endorsement.is_due:
        yield Signal(ODD, _due(endorsement))


def _of_others(endorsement: Any, representative: Representative | None) -> Iterable[Signal]:
    """What the organisation, its representative, and those of the same name have signed."""
    if endorsement.has_due_twin and not endorsement.is_due:
        words = _("signed anew: the organisation’s endorsement of the text before ends when this one is approved")
        yield Signal(ODD, words)
    elif endorsement.has_approved_twin:
        yield Signal(ODD, _("already approved: another endorsement of this organisation on this letter"))
    elif endorsement.has_waiting_twin:
        yield Signal(ODD, _("another sign-on of this organisation for this letter waits too"))
    if representative is not None and endorsement.has_colleague:
        yield Signal(ODD, _("a colleague has signed this letter for it too, from another address"))
    if representative is not None and endorsement.signs_for:
        names = {"names": listed(endorsement.signs_for)}
        yield Signal(ODD, _("the same address signs for others too: %(names)s") % names)
    if endorsement.organisation is not None and endorsement.organisation.standing == Standing.PROVISIONAL:
        yield Signal(ASK, _("new on the register: nobody has checked it yet"))
    yield from (Signal(ODD, _same_name(*namesake)) for namesake in endorsement.namesakes or ())
    if times := len(endorsement.approved_elsewhere):
        words = ngettext("approved on %(number)s other letter", "approved on %(number)s other letters", times)
        yield Signal(SEEN, words % {"number": figure(times)})


def _due(endorsement: Endorsement) -> str:
    letter = endorsement.letter
    if letter.reconsent_until is None or endorsement.has_lapsed(timezone.now()):
        return _("lapsed: nobody agreed to the changed text in time")
    until = letter.reconsent_until.astimezone(letter.zone).date()
    said = {"number": figure(letter.consent_version), "day": day(until)}
    return _("not counted: has to agree to version %(number)s by %(day)s") % said


def _same_name(name: str, code: str, standing: str) -> str:
    said = [name, *([country(code)] if code else []), str(Standing(standing).label)]
    return _("same name on the register: %(who)s") % {"who": ", ".join(said)}


def _of_its_names(endorsement: Any) -> Iterable[Signal]:
    name = endorsement.printed_name
    yield from (Signal(ODD, _("the name %(reason)s") % {"reason": reason}) for reason in suspicious(name))
    for problem in hazards.in_line(name, name):
        if problem.code in IN_A_NAME:
            words = hazards.words(problem.code, problem.detail)
            yield Signal(ASK, _("the name %(reason)s") % {"reason": words[:1].lower() + words[1:]})
    if re.search(r"https?://|\bwww\.", name, re.IGNORECASE):
        yield Signal(ASK, _("the name holds the address of a website"))
    website = endorsement.organisation.website if endorsement.organisation else ""
    if website and mailboxes.is_shared(registrable_domain(website)):
        yield Signal(ASIDE, _("its website is in a house where anybody can have a page"))
