"""What a moderator should know of an endorsement before deciding, in words."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, OuterRef, When
from django.db.models.functions import JSONArray
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.templatetags.words import country, day, figure
from letters.models import Endorsement, EndorsementEvent, Representative
from letters.models.endorsements import EndorsementQuerySet
from signatories.models import Organisation, OrganisationName

Standing = Organisation.Standing
#: So many of one name are shown at most.
NAMESAKES = 3
#: Codes that came with the sign-on.
CAME_WITH_IT = {
    "honeypot": gettext_lazy("a field was filled in that only programs see"),
    "fast": gettext_lazy("sent within five seconds"),
    "no_start": gettext_lazy("sent without opening the form"),
    "hidden_characters": gettext_lazy("invisible characters in the name"),
    "flood": gettext_lazy("one of very many from the same network"),
}
#: Providers of mailboxes for anybody; small organisations use them too.
FREE_MAIL = frozenset(
    {
        *(
            "gmail.com",
            "googlemail.com",
            "outlook.com",
            "hotmail.com",
            "live.com",
            "msn.com",
            "yahoo.com",
            "icloud.com",
        ),
        *("icloud.com", "me.com", "aol.com", "proton.me", "protonmail.com", "pm.me", "tutanota.com", "gmx.com"),
        *("gmx.net", "gmx.de", "web.de", "mail.com", "zoho.com", "riseup.net", "yandex.ru", "yandex.com", "mail.ru"),
        *("qq.com", "163.com", "126.com", "naver.com", "rediffmail.com", "laposte.net", "orange.fr", "free.fr"),
    }
)


def with_signals(endorsements: EndorsementQuerySet) -> EndorsementQuerySet:
    """With what `words` needs, in the same query."""
    same = Endorsement.objects.approved().filter(letter=OuterRef("letter"), organisation=OuterRef("organisation"))
    twins = same.exclude(pk=OuterRef("pk"))
    held = EndorsementEvent.objects.filter(endorsement=OuterRef("pk"), verb="hold", code="flood")
    return endorsements.select_related("letter", "version").annotate(
        has_approved_twin=Exists(twins),
        has_due_twin=Exists(twins.filter(version__number__lt=OuterRef("letter__consent_version"))),
        came_in_a_flood=Exists(held),
        namesakes=Case(When(organisation__standing=Standing.PROVISIONAL, then=_namesakes())),
    )


def words(endorsement: Any, representative: Representative | None) -> list[str]:
    """The signals of an endorsement; without its representative, nothing that tells of their address."""
    codes = [*endorsement.signals, *(["flood"] if endorsement.came_in_a_flood else [])]
    found = [str(CAME_WITH_IT.get(code, code)) for code in codes]
    if endorsement.is_due:
        found.append(_due(endorsement))
    if endorsement.has_due_twin and not endorsement.is_due:
        found.append(_("signed anew: the organisation’s endorsement of the text before ends when this one is approved"))
    elif endorsement.has_approved_twin:
        found.append(_("already approved: another endorsement of this organisation on this letter"))
    if representative is not None and representative.email_domain in FREE_MAIL:
        found.append(_("address at a free mail provider"))
    return [*found, *(_same_name(*namesake) for namesake in endorsement.namesakes or ())]


def _namesakes() -> ArraySubquery:
    """Others on the register, public or not, of which one of the names is the same but for its spelling."""
    named = OrganisationName.objects.filter(normalised=OuterRef(OuterRef("normalised"))).values("organisation")
    others = Organisation.objects.exclude(standing=Standing.MERGED).exclude(pk=OuterRef("organisation"))
    found = others.filter(pk__in=named).with_name().order_by("pk")
    return ArraySubquery(found.values(said=JSONArray("name", "country", "standing"))[:NAMESAKES])


def _same_name(name: str, code: str, standing: str) -> str:
    said = [name, *([country(code)] if code else []), str(Standing(standing).label)]
    return _("same name on the register: %(who)s") % {"who": ", ".join(said)}


def _due(endorsement: Endorsement) -> str:
    letter = endorsement.letter
    if letter.reconsent_until is None or endorsement.has_lapsed(timezone.now()):
        return _("lapsed: nobody agreed to the changed text in time")
    until = letter.reconsent_until.astimezone(letter.zone).date()
    said = {"number": figure(letter.consent_version), "day": day(until)}
    return _("not counted: has to agree to version %(number)s by %(day)s") % said
