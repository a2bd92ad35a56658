"""What becomes of endorsements and invitations when two entries of the register are merged, or parted again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coalition.models import User
from letters import endorsing
from letters.models import Endorsement, Invitation, Letter
from signatories import vetting
from signatories.merging import Repoint
from signatories.models import Organisation

Status = Endorsement.Status


def _move_endorsements(old: Organisation, new: Organisation, by: User | None, at: datetime) -> dict[str, list[int]]:
    """Of two approved ones on one letter one is folded; then all of the old entry's go to the new one."""
    approved = Endorsement.objects.approved().filter(organisation__in=[old, new]).select_related("letter", "version")
    doubles = sorted(_doubles(approved), key=lambda endorsement: endorsement.pk)
    for endorsement in doubles:
        endorsing.fold(endorsement, by=by, at=at)
    moved = list(old.endorsements.order_by("pk"))
    for endorsement in moved:
        endorsing.move(endorsement, to=new, by=by, at=at)
    return {"folded": [double.pk for double in doubles], "moved": [endorsement.pk for endorsement in moved]}


def _return_endorsements(
    old: Organisation, new: Organisation, journal: dict[str, list[int]], by: User | None, at: datetime
) -> None:
    """One that has ended meanwhile comes back as it is. One that was folded stands again, unless its organisation has
    signed anew."""
    for endorsement in new.endorsements.filter(pk__in=journal["moved"]).order_by("pk"):
        endorsing.move(endorsement, to=old, by=by, at=at)
    folded = Endorsement.objects.filter(pk__in=journal["folded"], status=Status.FOLDED, organisation__in=[old, new])
    anew = Endorsement.objects.approved().filter(letter=OuterRef("letter"), organisation=OuterRef("organisation"))
    for endorsement in folded.exclude(Exists(anew)).order_by("pk"):
        endorsing.unfold(endorsement, by=by, at=at)
    # The logo that a rejected one had brought went from the survivor's page, if it was there, and from no other.
    bringing = Endorsement.objects.filter(organisation__in=[old, new], status=Status.REJECTED).exclude(logo="")
    for endorsement in bringing.filter(logo=F("organisation__logo")).select_related("organisation").order_by("pk"):
        assert endorsement.organisation is not None
        vetting.drop_logo(endorsement.organisation, by=by, at=at)


def _doubles(approved: Iterable[Endorsement]) -> list[Endorsement]:
    """Those to be folded. The one that stays is one that agrees to the present text rather than one that is due; of
    these the one that shows less, so that nobody is named who asked not to be; of these the earlier one."""
    ladder = Endorsement.Visibility.values
    by_letter: dict[int, list[Endorsement]] = {}
    for endorsement in approved:
        by_letter.setdefault(endorsement.letter_id, []).append(endorsement)

    def rank(endorsement: Endorsement) -> tuple[object, ...]:
        return (
            endorsement.is_due,
            -ladder.index(endorsement.visibility),
            endorsement.approved_at,
            endorsement.pk,
        )

    return [double for same in by_letter.values() for double in sorted(same, key=rank)[1:]]


def _preview_endorsements(old: Organisation, new: Organisation) -> list[str]:
    letters = list(old.endorsements.values_list("letter", flat=True))
    doubles = new.endorsements.approved().filter(letter__in=old.endorsements.approved().values("letter")).count()
    sentences = []
    if letters:
        where = ngettext("%(letters)d letter", "%(letters)d letters", len(set(letters))) % {
            "letters": len(set(letters))
        }
        words = ngettext(
            "%(number)d signature on %(where)s moves.", "%(number)d signatures on %(where)s move.", len(letters)
        )
        sentences.append(words % {"number": len(letters), "where": where})
    if doubles:
        words = ngettext(
            "%(number)d letter carries both: one of the two signatures is closed, and the other counts for both.",
            "%(number)d letters carry both: one of the two signatures is closed, and the other counts for both.",
            doubles,
        )
        sentences.append(words % {"number": doubles})
    return sentences or [_("No signature moves.")]


def _move_invitations(old: Organisation, new: Organisation, by: User | None, at: datetime) -> list[int]:
    moved = list(old.invitations.order_by("pk").values_list("pk", flat=True))
    Invitation.objects.filter(pk__in=moved).update(organisation=new)
    return moved


def _return_invitations(
    old: Organisation, new: Organisation, journal: list[int], by: User | None, at: datetime
) -> None:
    new.invitations.filter(pk__in=journal).update(organisation=old)


def _preview_invitations(old: Organisation, new: Organisation) -> list[str]:
    number = old.invitations.count()
    return [
        ngettext("%(number)d invitation moves.", "%(number)d invitations move.", number) % {"number": number}
    ] * bool(number)


def _letters_signed(organisations: Sequence[Organisation]) -> QuerySet[Letter]:
    return Letter.objects.filter(pk__in=Endorsement.objects.filter(organisation__in=organisations).values("letter"))


def _letters_invited(organisations: Sequence[Organisation]) -> QuerySet[Letter]:
    return Letter.objects.filter(pk__in=Invitation.objects.filter(organisation__in=organisations).values("letter"))


REPOINT: dict[type[Model], Repoint] = {
    Endorsement: Repoint(_letters_signed, _move_endorsements, _return_endorsements, _preview_endorsements),
    Invitation: Repoint(_letters_invited, _move_invitations, _return_invitations, _preview_invitations),
}
