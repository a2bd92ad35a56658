"""Verbs on endorsements, in the order in which they happen in life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.files.base import File
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from coalition.fields import email_digest
from coalition.models import Event, User
from coalition.roles import CLOCK, REGISTRAR
from coalition.workflow import BEFORE, NOW, SAME, NotAllowed, Special, Workflow, locked
from letters import evidence as proofs
from letters import mail
from letters import record as records
from letters.lifecycle import revise
from letters.models import (
    DeliveryLine,
    Endorsement,
    EndorsementEvent,
    ImportedEndorsement,
    Invitation,
    Letter,
    Representative,
    Version,
)
from letters.models.documents import drop
from letters.roles import EITHER, MODERATOR, REPRESENTATIVE
from signatories import imports, matching, merging, vetting
from signatories.models import ImportLine, Organisation, OrganisationName
from signatories.names import normalise, sort_key

Status = Endorsement.Status
Learnt = OrganisationName.Learnt
Face = tuple[object, ...] | None

#: Version of the sentences beside the form's ticks; kept with each consent.
CONSENT_WORDING = "2026-11"
SIGNED_ANEW = Endorsement.SIGNED_ANEW
STAFF_UNDO = timedelta(minutes=10)
STAFF_UNDOABLE = ("approve", "reject", "hold", "ask", "release")
SIGNER_UNDO = timedelta(hours=24)


@dataclass(frozen=True)
class SignOn:
    """What the form asks: an organisation found, or the name, country and website of a new one; who signs for it;
    how it wants to appear."""

    organisation: Organisation | None
    name: str
    country: str
    website: str
    representative_name: str
    representative_role: str
    representative_email: str
    visibility: str
    language: str
    """Of the text that was read."""
    interface_language: str
    wants_updates: bool
    logo: File[bytes] | None = None
    signals: tuple[str, ...] = ()
    version: int | None = None
    """Number of the version that was read; None where staff enter what came otherwise."""
    latin_name: str = ""
    """Of a new organisation whose name is in another script."""


class TextChanged(NotAllowed):
    """The text that was read is not the one in force any more: it has to be read again."""

    def __init__(self) -> None:
        super().__init__(_("The letter has changed since this page was made. Read what is new, then decide."))


def _but_for_a_hold(flow: Workflow[Endorsement], endorsement: Endorsement) -> str:
    is_held = endorsement.status == Status.HELD
    return endorsement.status_but_for_a_hold if is_held else BEFORE.find(flow, endorsement)


#: Back to the state before; out of a hold, to where the endorsement would stand by now.
BUT_FOR_A_HOLD = Special("the state before", _but_for_a_hold)


def _changed(endorsement: Endorsement, before: Face, after: Face) -> None:
    if (name := _named(before)) and name != _named(after):
        records.forget_names(endorsement)
    revise(endorsement.letter, lowering=before is not None)


def _named(face: Face) -> object:
    """The name by which the public sees it."""
    return face[2] if face and face[0] == Endorsement.Visibility.NAMED else None


flow = Workflow(
    Endorsement,
    EndorsementEvent,
    above=("letter", "organisation"),
    face=lambda endorsement: endorsement.face,
    changed=_changed,
    tell=mail.tell,
)


def sign(letter: Letter, sign_on: SignOn, *, is_flood: bool = False, at: datetime) -> Endorsement:
    """Takes in a sign-on, or, where this address has already signed on for this organisation, mails its link again.

    The visitor may not learn of the difference, nor that a sign-on out of a flood of them was held at once. Raises
    NotAllowed when the letter takes no more sign-ons.
    """
    with locked(letter):
        known = sign_on.organisation or matching.same(sign_on.name, sign_on.country)
        known = merging.survivor(known) if known else None
        if (earlier := _earlier(letter, known, sign_on, at)) is not None:
            return resend(earlier, at=at)
        organisation = known or vetting.register(
            name=sign_on.name,
            country=sign_on.country,
            website=sign_on.website,
            latin_name=sign_on.latin_name,
            at=at,
        )
        new = submit(letter, organisation, sign_on, at=at)
        return hold(new, by=None, code="flood", at=at) if is_flood else new


@flow.begin(to=Status.SUBMITTED, who=REPRESENTATIVE)
def submit(letter: Letter, organisation: Organisation, sign_on: SignOn, *, at: datetime = NOW) -> list[models.Model]:
    """A sign-on came in by the form; nothing is public, and nothing counts, before it is confirmed and approved."""
    if not letter.accepts(at):
        raise NotAllowed(_("This letter takes no more signatures."))
    if sign_on.version is not None:
        _check_read(letter, sign_on.version)
    endorsement = _endorsement(letter, organisation, sign_on)
    endorsement.submitted_at = endorsement.consented_at = at
    endorsement.consent_wording = CONSENT_WORDING
    return [endorsement, _representative(endorsement, sign_on)]


@flow.step(*Endorsement.LIVE, to=SAME, who=REPRESENTATIVE)
def resend(endorsement: Endorsement, *, at: datetime = NOW) -> None:
    """The link is mailed again, to the address on file only."""


@flow.begin(to=Status.CONFIRMED, who=MODERATOR)
def record(
    letter: Letter,
    organisation: Organisation,
    sign_on: SignOn | None = None,
    *,
    by: User | None,
    evidence: str,
    printed_name: str = "",
    printed_acronym: str = "",
    tier: str = Endorsement.Tier.SIGNATORY,
    order: int | None = None,
    note: str = "",
    at: datetime = NOW,
) -> list[models.Model]:
    """Staff enter a sign-on that came by mail, on paper or in a published list; a representative, if known, is told."""
    if letter.status not in Letter.PUBLIC:
        raise NotAllowed(_("Sign-ons are recorded once the letter is open."))
    endorsement = _endorsement(letter, organisation, sign_on, printed_name or organisation.main_name)
    endorsement.printed_acronym, endorsement.tier, endorsement.order = printed_acronym, tier, order
    endorsement.evidence = evidence
    endorsement.submitted_at = endorsement.confirmed_at = at
    return [endorsement, *([_representative(endorsement, sign_on)] if sign_on else [])]


@flow.step(Status.SUBMITTED, to=Status.CONFIRMED, who=REPRESENTATIVE)
def confirm(endorsement: Endorsement, *, version: int | None = None, at: datetime = NOW) -> None:
    """The representative pressed the button on the page behind the mailed link, which showed this version."""
    _confirm(endorsement, version, at)


@flow.step(Status.HELD, to=SAME, who=REPRESENTATIVE)
def confirm_held(endorsement: Endorsement, *, version: int | None = None, at: datetime = NOW) -> None:
    """The same button, pressed by somebody who does not know that the entry is held."""
    if endorsement.confirmed_at is not None:
        raise NotAllowed(_("This is confirmed already."))
    _confirm(endorsement, version, at)


@flow.step(Status.SUBMITTED, to=Status.EXPIRED, who=CLOCK)
def expire(endorsement: Endorsement, *, at: datetime = NOW) -> None:
    """Nobody confirmed in time."""
    endorsement.ended_at = at


@flow.step(Status.CONFIRMED, to=Status.ASKED, who=MODERATOR)
def ask(endorsement: Endorsement, *, by: User | None, note: str, at: datetime = NOW) -> None:
    """The note is the question, and is mailed to the representative."""
    if not Representative.objects.filter(endorsement=endorsement).exists():
        raise NotAllowed(_("There is no representative on file who could be asked."))
    if not note.strip():
        raise NotAllowed(_("Write the question."))


@flow.step(Status.ASKED, to=Status.CONFIRMED, who=REPRESENTATIVE)
def answer(endorsement: Endorsement, *, note: str, at: datetime = NOW) -> None:
    """The note is the answer, for the moderators."""


@flow.step(Status.CONFIRMED, Status.ASKED, to=Status.APPROVED, who=MODERATOR)
def approve(endorsement: Endorsement, *, by: User | None, note: str = "", at: datetime = NOW) -> None:
    """The organisation signs: from now on it is listed and counted as it wishes. Checks the organisation too."""
    organisation = _check_approvable(endorsement, at)
    _lapse_others(endorsement, at)
    if organisation.standing == Organisation.Standing.PROVISIONAL:
        vetting.verify(organisation, by=by, at=at)
    # Of an organisation that is not named, a logo that appears just now would say that it has signed.
    if endorsement.logo and not organisation.logo and endorsement.visibility == Endorsement.Visibility.NAMED:
        vetting.take_logo(organisation, by=by, logo=str(endorsement.logo.name), at=at)
    if endorsement.visibility == Endorsement.Visibility.NAMED and endorsement.letter.is_public(at):
        vetting.learn([(organisation, endorsement.printed_name)], how=Learnt.SIGN_ON, by=by, at=at)
    endorsement.approved_at = at


@flow.step(Status.SUBMITTED, Status.CONFIRMED, Status.ASKED, to=Status.HELD, who=MODERATOR)
def hold(endorsement: Endorsement, *, by: User | None, code: str = "", note: str = "", at: datetime = NOW) -> None:
    """Set aside; the submitter sees nothing different."""


@flow.step(Status.HELD, to=SAME, who=REPRESENTATIVE)
def answer_held(endorsement: Endorsement, *, note: str, at: datetime = NOW) -> None:
    """The same answer, from somebody who does not know that the entry is held."""
    if endorsement.status_but_for_a_hold != Status.ASKED:
        raise NotAllowed(_("There is no question to answer."))


@flow.step(Status.HELD, to=BUT_FOR_A_HOLD, who=MODERATOR)
def release(endorsement: Endorsement, *, by: User | None, note: str = "", at: datetime = NOW) -> None:
    """Back to where it was held."""


@flow.step(Status.CONFIRMED, Status.ASKED, Status.HELD, Status.APPROVED, to=Status.REJECTED, who=MODERATOR)
def reject(endorsement: Endorsement, *, by: User | None, code: str, note: str = "", at: datetime = NOW) -> None:
    """`code` is one of Endorsement.Reason, and decides whether its sentence is mailed. The note is private."""
    if code not in Endorsement.Reason.values:
        raise NotAllowed(_("Choose a reason."))
    _take_logo_back(endorsement, by, at)
    _unlearn_name(endorsement, by, at)
    endorsement.ended_at = at


@flow.step(*Endorsement.LIVE, to=SAME, who=EITHER)
def lower(endorsement: Endorsement, *, visibility: str, by: User | None = None, at: datetime = NOW) -> None:
    """Shows less of the organisation, at once and everywhere."""
    ladder = Endorsement.Visibility.values
    if not endorsement.letter.allows_withheld_names:
        raise NotAllowed(_("On this letter every organisation is published by name. You can withdraw it."))
    if visibility not in ladder or ladder.index(visibility) <= ladder.index(endorsement.visibility):
        raise NotAllowed(_("Choose a way to appear that shows less than now."))
    _unlearn_name(endorsement, by, at)
    endorsement.visibility = visibility


@flow.step(*Endorsement.LIVE, to=SAME, who=REPRESENTATIVE)
def subscribe(endorsement: Endorsement, *, at: datetime = NOW) -> None:
    """From now on the representative is told what comes of the letter."""
    endorsement.consents_to_contact = True


@flow.step(*Endorsement.LIVE, to=SAME, who=REPRESENTATIVE)
def unsubscribe(endorsement: Endorsement, *, at: datetime = NOW) -> None:
    """The representative does not want to hear what comes of the letter; the signature stands."""
    endorsement.consents_to_contact = False


@flow.step(*Endorsement.AGREED, to=SAME, who=REPRESENTATIVE)
def reconsent(endorsement: Endorsement, *, version: int, at: datetime = NOW) -> None:
    """The representative has read what changed, and keeps the signature under the version that was shown."""
    letter = endorsement.letter
    if letter.status not in Letter.PUBLIC:
        raise NotAllowed(_("The letter is not public now, so nothing can be kept or changed."))
    if not endorsement.is_due:
        raise NotAllowed(_("This signature stands already under the present text."))
    if endorsement.has_lapsed(at):
        raise NotAllowed(_("The time to agree has passed. The organisation can sign again while the letter is open."))
    if letter.version is None or letter.version.number != version:
        raise NotAllowed(_("The letter has changed once more. Read it again."))
    endorsement.version = letter.version


@flow.step(Status.CONFIRMED, Status.ASKED, Status.APPROVED, to=Status.EXPIRED, who=CLOCK)
def lapse(endorsement: Endorsement, *, code: str = "", at: datetime = NOW) -> None:
    """The letter changed, and nobody agreed in time, or, with SIGNED_ANEW, the organisation has agreed by another
    signature. Nobody sees a difference: it counted no more since the change."""
    if not (endorsement.is_due if code == SIGNED_ANEW else endorsement.has_lapsed(at)):
        raise NotAllowed(_("This signature has not lapsed."))
    _unlearn_name(endorsement, None, at)
    endorsement.ended_at = at


@flow.step(
    Status.SUBMITTED, Status.CONFIRMED, Status.ASKED, Status.HELD, Status.APPROVED,
    to=Status.WITHDRAWN, who=REPRESENTATIVE,
)  # fmt: skip
def withdraw(endorsement: Endorsement, *, code: str = "", at: datetime = NOW) -> None:
    """The organisation no longer signs. `code` not_me: the owner of the mailbox never signed on."""
    _unlearn_name(endorsement, None, at)
    endorsement.ended_at = at


@flow.step(*(status for status in Status if status != Status.REMOVED), to=Status.REMOVED, who=MODERATOR)
def remove_for_safety(endorsement: Endorsement, *, by: User | None, at: datetime = NOW) -> None:
    """Redacts the row for good: afterwards nothing in it says who had signed."""
    representative = Representative.objects.filter(endorsement=endorsement)
    _invitations_of(endorsement, representative).delete()
    representative.delete()
    # What a merge has folded into it says the same, and would come back by the undo.
    doubles = endorsement.letter.endorsements.filter(organisation=endorsement.organisation, status=Status.FOLDED)
    for double in doubles.exclude(pk=endorsement.pk).order_by("pk"):
        remove_for_safety(double, by=by, at=at)
    merging.forget(endorsement)
    _forget_lines(endorsement)
    DeliveryLine.objects.filter(endorsement=endorsement, printed__isnull=False).update(printed=None)
    _take_logo_back(endorsement, by, at)
    _unlearn_name(endorsement, by, at)
    if endorsement.logo:
        drop(str(endorsement.logo.name))
        endorsement.logo = ""
    endorsement.organisation = None
    endorsement.printed_name = endorsement.printed_acronym = endorsement.printed_country = endorsement.normalised = ""
    endorsement.sort_key, endorsement.signals, endorsement.ended_at = b"", [], at


@flow.step(*Endorsement.LIVE, to=Status.FOLDED, who=REGISTRAR)
def fold(endorsement: Endorsement, *, by: User | None, at: datetime = NOW) -> None:
    """A merge on the register has found that the organisation signed twice: the other one stands for both."""
    endorsement.ended_at = at


@flow.step(Status.FOLDED, to=BEFORE, who=REGISTRAR)
def unfold(endorsement: Endorsement, *, by: User | None, at: datetime = NOW) -> None:
    """The merge is undone: it stands for itself again."""
    endorsement.ended_at = None


@flow.step(*(status for status in Status if status != Status.REMOVED), to=SAME, who=REGISTRAR)
def move(endorsement: Endorsement, *, to: Organisation, by: User | None, at: datetime = NOW) -> None:
    """To the entry of the register that stands for its organisation since a merge, or again since that was undone.
    What is printed stays."""
    endorsement.organisation = to


@flow.step(
    Status.APPROVED, Status.REJECTED, Status.HELD, Status.ASKED, Status.CONFIRMED, Status.SUBMITTED, Status.WITHDRAWN,
    Status.EXPIRED, to=BUT_FOR_A_HOLD, who=EITHER,
)  # fmt: skip
def undo(endorsement: Endorsement, *, by: User | None = None, at: datetime = NOW) -> None:
    """Takes the latest decision back: a moderator's within 10 minutes, the signer's withdrawal within 24 hours.

    A signature that made room for another comes back by a step of its own, once the other is undone.
    """
    latest = undoable(endorsement, by_signer=by is None, at=at)
    if latest is None:
        raise NotAllowed(_("There is nothing to undo, or it is too late for it."))
    endorsement.ended_at = None
    if latest.from_status == Status.APPROVED:
        _check_approvable(endorsement, at)
    if latest.verb == "approve":
        endorsement.approved_at = None
        _take_logo_back(endorsement, by, at)
        _unlearn_name(endorsement, by, at)


def _invitations_of(
    endorsement: Endorsement, representative: models.QuerySet[Representative]
) -> models.QuerySet[Invitation]:
    """Those to the same letter that led to it, or say in another way that the organisation was asked to sign."""
    asked = Q(endorsement=endorsement) | Q(email_digest__in=representative.values("email_digest"))
    asked |= Q(name=endorsement.printed_name)
    if endorsement.organisation is not None:
        asked |= Q(organisation=endorsement.organisation)
    return endorsement.letter.invitations.filter(asked)


def _forget_lines(endorsement: Endorsement) -> None:
    """Lines of lists for this letter that brought it, or that name its organisation."""
    named = Q(imported__endorsement=endorsement) | Q(normalised=endorsement.normalised)
    if endorsement.organisation is not None:
        organisation = endorsement.organisation
        named |= Q(organisation=organisation) | Q(created=organisation) | Q(match=organisation, level="probable")
    lines = ImportLine.objects.filter(named, origin__for_letter__letter=endorsement.letter)
    known = list(lines.values_list("pk", flat=True))
    ImportedEndorsement.objects.filter(endorsement=endorsement).delete()
    imports.blank(ImportLine.objects.filter(pk__in=known))


def _check_approvable(endorsement: Endorsement, at: datetime) -> Organisation:
    """The organisation, if it and the letter are in a state in which something can stand approved."""
    organisation = endorsement.organisation
    gone = (Organisation.Standing.SUSPENDED, Organisation.Standing.MERGED)
    if organisation is None or organisation.standing in gone:
        raise NotAllowed(_("The organisation is suspended or merged on the register."))
    if endorsement.letter.status not in Letter.PUBLIC:
        raise NotAllowed(_("The letter is not open, so nothing is approved for it."))
    until = endorsement.letter.reconsent_until
    is_older = endorsement.version.number < endorsement.letter.consent_version
    if is_older and until is not None and until <= at:
        raise NotAllowed(_("The letter has changed, and the organisation did not agree to the new text in time."))
    return organisation


def _lapse_others(endorsement: Endorsement, at: datetime) -> None:
    """What the organisation signed before and did not renew in time makes room, if no job has written it yet; so does
    what it could still renew, where it has signed the present text anew."""
    if endorsement.letter.consent_version > 1:
        same = endorsement.letter.endorsements.approved().filter(organisation=endorsement.organisation)
        for other in same.exclude(pk=endorsement.pk).order_by("pk"):
            if other.has_lapsed(at):
                lapse(other, at=at)
            elif other.is_due and not endorsement.is_due:
                lapse(other, code=SIGNED_ANEW, at=at)


def _check_read(letter: Letter, number: int) -> None:
    if letter.version is None or letter.version.number != number:
        raise TextChanged


def _take_logo_back(endorsement: Endorsement, by: User | None, at: datetime) -> None:
    """The logo that this endorsement brought to the organisation's page goes with it."""
    organisation = endorsement.organisation
    if organisation is not None and endorsement.logo and organisation.logo == endorsement.logo:
        vetting.drop_logo(organisation, by=by, at=at)


def _unlearn_name(endorsement: Endorsement, by: User | None, at: datetime) -> None:
    """The name by which its organisation is known since this was approved goes with it, unless another endorsement
    prints it in public too; it goes as well from an entry that was merged into that organisation."""
    organisation = endorsement.organisation
    if organisation is None or organisation.standing == Organisation.Standing.MERGED:
        return
    learnt = OrganisationName.objects.filter(learnt=Learnt.SIGN_ON, normalised=endorsement.normalised)
    same = organisation.endorsements.listed().filter(normalised=endorsement.normalised)
    if same.exclude(pk=endorsement.pk).filter(letter__in=Letter.objects.visible_to(None, at)).exists():
        return
    for name in learnt.filter(organisation=organisation):
        vetting.unlearn_name(organisation, name=name.pk, code=Learnt.SIGN_ON, by=by, at=at)
    learnt.filter(organisation__merged_into=organisation).delete()


def undoable(endorsement: Endorsement, *, by_signer: bool, at: datetime) -> Event | None:
    """The step that `undo` would take back: the latest, if it is of the kind and age that this side may."""
    latest = flow.previous(endorsement)
    if latest is None:
        return None
    if latest.verb == "lapse" and latest.code == SIGNED_ANEW:
        # Until the time to agree has passed, it comes back whenever what it made room for stands no more.
        return latest if not by_signer and not endorsement.stands_anew else None
    verbs, age = (("withdraw",), SIGNER_UNDO) if by_signer else (STAFF_UNDOABLE, STAFF_UNDO)
    return latest if latest.verb in verbs and at - latest.at <= age else None


def _earlier(letter: Letter, known: Organisation | None, sign_on: SignOn, at: datetime) -> Endorsement | None:
    """What this address has signed for this organisation before, unless it can't be confirmed any more."""
    same = Q(organisation=known) if known else Q(pk=None)
    if sign_on.organisation is None:
        same |= Q(normalised=normalise(sign_on.name), printed_country=sign_on.country)
    digest = email_digest(sign_on.representative_email)
    mine = letter.endorsements.live().filter(same, representative__email_digest=digest).order_by("id")
    unexpired = (e for e in mine if e.confirmed_at or e.expires_at is None or at < e.expires_at)
    return next((e for e in unexpired if not e.has_lapsed(at)), None)


def _endorsement(letter: Letter, organisation: Organisation, sign_on: SignOn | None, name: str = "") -> Endorsement:
    organisation = merging.survivor(organisation)
    printed = name or (organisation.main_name if sign_on is None or sign_on.organisation else sign_on.name)
    version = letter.version
    assert isinstance(version, Version)
    endorsement = Endorsement(
        letter=letter,
        organisation=organisation,
        version=version,
        language=letter.authoritative_language,
        printed_name=printed,
        printed_country=organisation.country,
        sort_key=sort_key(printed),
        normalised=normalise(printed),
    )
    if sign_on is not None:
        endorsement.language = sign_on.language
        endorsement.visibility = sign_on.visibility if letter.allows_withheld_names else Endorsement.Visibility.NAMED
        endorsement.consents_to_contact = sign_on.wants_updates
        endorsement.signals = list(sign_on.signals)
        if sign_on.logo is not None:
            endorsement.logo, endorsement.consents_to_logo = sign_on.logo, True
    return endorsement


def _representative(endorsement: Endorsement, sign_on: SignOn) -> Representative:
    return Representative(
        endorsement=endorsement,
        name=sign_on.representative_name,
        role=sign_on.representative_role,
        email=sign_on.representative_email,
        email_domain=vetting.registrable_domain(sign_on.representative_email.rpartition("@")[2]),
        email_digest=email_digest(sign_on.representative_email),
        language=sign_on.interface_language,
    )


def _confirm(endorsement: Endorsement, version: int | None, at: datetime) -> None:
    came_in = endorsement.submitted_at
    is_late = endorsement.expires_at is not None and at >= endorsement.expires_at
    if came_in is None or is_late or not endorsement.letter.accepts_confirmation(came_in, at):
        raise NotAllowed(_("The time to confirm has passed. This signature is not counted."))
    _check_read(endorsement.letter, endorsement.version.number if version is None else version)
    assert endorsement.letter.version is not None
    endorsement.version = endorsement.letter.version
    endorsement.confirmed_at = at
    endorsement.evidence = proofs.of(endorsement)
