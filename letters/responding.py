"""Verbs on what comes of a letter: the addressees' responses and the conveners' updates; and who still owes a reply."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery
from django.utils.translation import gettext as _

from coalition.jobs import enqueue
from coalition.languages import parse_tag
from coalition.models import User
from coalition.templatetags.words import day
from coalition.workflow import NOW, SAME, NotAllowed
from letters.attachments import Checked
from letters.drafting import Changed
from letters.lifecycle import flow
from letters.models import Addressee, Assessment, Attachment, Delivery, Letter, LetterRole, Response, Text, Update
from letters.models.documents import drop, store, swept
from letters.models.letters import LetterQuerySet
from letters.roles import CONVENER


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def respond(
    letter: Letter,
    *,
    by: User | None,
    addressee: Addressee,
    kind: str,
    dated_on: date,
    language: str,
    text: str,
    is_published: bool,
    verdicts: dict[int, str],
    files: Sequence[Checked],
    at: datetime = NOW,
) -> None:
    """Puts an addressee's response on record, with the conveners' verdict on each demand that they have judged."""
    response = Response(letter=letter)
    _refuse_again(letter.responses.filter(addressee=addressee, kind=kind, dated_on=dated_on, text=text), files)
    _write_response(response, addressee, kind, dated_on, language, text, is_published, verdicts, at)
    _attach(files, letter=letter, response=response)
    enqueue("letters.tasks.tell_of_response", after=_time_to_mend(), response=response.pk)


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def correct_response(
    letter: Letter,
    *,
    by: User | None,
    response: Response,
    addressee: Addressee,
    kind: str,
    dated_on: date,
    language: str,
    text: str,
    is_published: bool,
    verdicts: dict[int, str],
    files: Sequence[Checked],
    removed: Collection[str] = (),
    seen: str | None = None,
    at: datetime = NOW,
) -> None:
    """Mends a slip: what is said now stands instead of what was, unless somebody changed that since `seen`.
    `removed`: public ids of files that go."""
    _check(letter, response, seen, _("Choose a response to this letter."))
    _write_response(response, addressee, kind, dated_on, language, text, is_published, verdicts, at)
    _remove(response.attachments.filter(public_id__in=removed))
    _attach(files, letter=letter, response=response)


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def remove_response(
    letter: Letter, *, by: User | None, response: Response, seen: str | None = None, at: datetime = NOW
) -> None:
    """Takes off what was put on record by mistake, with its verdicts and files, unless it was changed since `seen`."""
    _check(letter, response, seen, _("Choose a response to this letter."))
    response.assessments.all().delete()
    _remove(response.attachments.all())
    response.delete()


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def post_update(
    letter: Letter,
    *,
    by: User | None,
    dated_on: date,
    language: str,
    title: str,
    body: str,
    files: Sequence[Checked],
    at: datetime = NOW,
) -> None:
    """News outside the signed text, in the conveners' name."""
    update = Update(letter=letter)
    _refuse_again(letter.updates.filter(dated_on=dated_on, title=title, body=body), files)
    _write_update(update, dated_on, language, title, body, at)
    _attach(files, letter=letter, update=update)
    enqueue("letters.tasks.tell_of_update", after=_time_to_mend(), update=update.pk)


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def correct_update(
    letter: Letter,
    *,
    by: User | None,
    update: Update,
    dated_on: date,
    language: str,
    title: str,
    body: str,
    files: Sequence[Checked],
    removed: Collection[str] = (),
    seen: str | None = None,
    at: datetime = NOW,
) -> None:
    """Mends a slip: what is said now stands instead of what was, unless somebody changed that since `seen`.
    `removed`: public ids of files that go."""
    _check(letter, update, seen, _("Choose an update on this letter."))
    _write_update(update, dated_on, language, title, body, at)
    _remove(update.attachments.filter(public_id__in=removed))
    _attach(files, letter=letter, update=update)


@swept()
@flow.step(*Letter.PUBLIC, to=SAME, who=CONVENER, is_seen=True)
def remove_update(
    letter: Letter, *, by: User | None, update: Update, seen: str | None = None, at: datetime = NOW
) -> None:
    """Takes off what was posted by mistake, with its files, unless it was changed since `seen`."""
    _check(letter, update, seen, _("Choose an update on this letter."))
    _remove(update.attachments.all())
    update.delete()


class OnRecord(NotAllowed):
    """The same has been put on record before, as by a form that was sent twice; `there` is the earlier row."""

    def __init__(self, there: Response | Update) -> None:
        super().__init__(_("The same is on record already, so nothing was added."))
        self.there = there


def token(of: Response | Update) -> str:
    """Changes whenever what is on record of it does."""
    stored: list[object] = list(type(of)._default_manager.filter(pk=of.pk).values_list())
    stored += of.attachments.order_by("pk").values_list("public_id")
    if isinstance(of, Response):
        stored += of.assessments.order_by("demand").values_list("demand", "verdict")
    return sha256(repr(stored).encode()).hexdigest()[:32]


def with_reply(addressees: QuerySet[Addressee]) -> QuerySet[Any]:
    """With `has_replied`: an acknowledgement of receipt is no reply yet."""
    replies = Response.objects.filter(addressee=OuterRef("pk"), kind__in=Response.REPLIES)
    return addressees.annotate(has_replied=Exists(replies))


@dataclass(frozen=True)
class Awaited:
    """A main addressee of a letter, with `shown_title`, who has got it and has not replied."""

    letter: Any
    addressee: Addressee
    delivery: Delivery
    """The first that reached this addressee."""


def awaiting(user: User, at: datetime) -> list[Awaited]:
    """Replies that are awaited to the delivered letters of which `user` is a convener, the longest first."""
    silent = with_reply(Addressee.objects.filter(is_copied=False)).filter(has_replied=False)
    held: LetterQuerySet = Letter.objects.held_by(user, LetterRole.Role.CONVENER)
    letters: list[Any] = list(
        with_title(held)
        .filter(Exists(silent.filter(letter=OuterRef("pk"))), status=Letter.Status.DELIVERED)
        .prefetch_related(
            Prefetch("addressees", queryset=silent, to_attr="silent"),
            Prefetch("deliveries", queryset=Delivery.objects.filter(at__lte=at).order_by("at"), to_attr="delivered"),
        )
    )
    found = [
        Awaited(letter, addressee, delivery)
        for letter in letters
        for addressee in letter.silent
        if (delivery := first_that_reached(addressee, letter.delivered)) is not None
    ]
    return sorted(found, key=lambda awaited: (awaited.delivery.at, awaited.letter.pk))


def first_that_reached(addressee: Addressee, deliveries: Iterable[Delivery]) -> Delivery | None:
    """Of deliveries that come in their order."""
    return next((delivery for delivery in deliveries if delivery.reached(addressee)), None)


def with_title(letters: LetterQuerySet) -> LetterQuerySet:
    """With `shown_title`, in the authoritative language."""
    sealed = Text.objects.filter(version__letter=OuterRef("pk"), version__sealed_at__isnull=False)
    theirs = sealed.filter(language=OuterRef("authoritative_language")).order_by("-version__number")
    return letters.annotate(shown_title=Subquery(theirs.values("title")[:1]))


def first_day(letter: Letter) -> date | None:
    """The earliest date of a response: the day on which the letter was opened, or that which a recorded one bears."""
    if letter.is_recorded:
        return letter.dated_on
    return letter.opened_at.astimezone(letter.zone).date() if letter.opened_at else None


def days_since(delivered_at: datetime, at: datetime) -> int:
    """Whole days by the calendar in UTC, as the pages that show them are made once a day."""
    return (at.astimezone(UTC).date() - delivered_at.astimezone(UTC).date()).days


def demands(letter: Letter) -> list[str]:
    """Those of the version in force, in the authoritative language."""
    sealed = Text.objects.filter(version__letter=letter, version__sealed_at__isnull=False)
    text = sealed.filter(language=letter.authoritative_language).order_by("-version__number").first()
    return text.demands if text else []


def _time_to_mend() -> timedelta:
    """So long a slip can be corrected before those who asked for news are told."""
    return timedelta(seconds=settings.DECISION_MAIL_DELAY)


def _refuse_again(same: QuerySet[Response] | QuerySet[Update], files: Sequence[Checked]) -> None:
    """`same`: rows with the same words; they say the same if they bring every file too. The letter is locked."""
    brought = {sha256(file.data).hexdigest() for file in files}
    for there in same:
        if brought <= set(there.attachments.values_list("sha256", flat=True)):
            raise OnRecord(there)


def _check(letter: Letter, row: Response | Update, seen: str | None, elsewhere: str) -> None:
    """Refuses a row of another letter with the sentence `elsewhere`, and one that was changed since `seen`."""
    if row.letter_id != letter.pk:
        raise NotAllowed(elsewhere)
    if seen not in (None, token(row)):
        raise Changed


def _write_response(
    response: Response,
    addressee: Addressee,
    kind: str,
    dated_on: date,
    language: str,
    text: str,
    is_published: bool,
    verdicts: dict[int, str],
    at: datetime,
) -> None:
    if addressee.letter_id != response.letter_id:
        raise NotAllowed(_("Choose one of this letter’s addressees."))
    if kind not in Response.Kind.values:
        raise NotAllowed(_("Choose what kind of response it is."))
    first = first_day(response.letter)
    if first is not None and dated_on < first:
        raise NotAllowed(_("The letter is of %(day)s, and no response can be older.") % {"day": day(first)})
    numbers = range(1, len(demands(response.letter)) + 1)
    if any(number not in numbers for number in verdicts):
        raise NotAllowed(_("Assess only demands of the present text."))
    if any(verdict not in Assessment.Verdict.values for verdict in verdicts.values()):
        raise NotAllowed(_("Choose an assessment from the list."))
    response.dated_on, response.language = _past(response.letter, dated_on, at), _tag(language)
    response.addressee, response.kind, response.text, response.is_published = addressee, kind, text, is_published
    response.save()
    response.assessments.all().delete()
    Assessment.objects.bulk_create(
        Assessment(response=response, demand=number, verdict=verdict) for number, verdict in sorted(verdicts.items())
    )


def _write_update(update: Update, dated_on: date, language: str, title: str, body: str, at: datetime) -> None:
    if not title:
        raise NotAllowed(_("Give the update a title."))
    update.dated_on, update.language = _past(update.letter, dated_on, at), _tag(language)
    update.title, update.body = title, body
    update.save()


def _past(letter: Letter, dated_on: date, at: datetime) -> date:
    if dated_on > at.astimezone(letter.zone).date():
        raise NotAllowed(_("The date lies in the future."))
    return dated_on


def _tag(language: str) -> str:
    try:
        return parse_tag(language)
    except ValueError as refusal:
        raise NotAllowed(str(refusal)) from refusal


def _attach(
    files: Sequence[Checked], *, letter: Letter, response: Response | None = None, update: Update | None = None
) -> None:
    for file in files:
        Attachment.objects.create(
            letter=letter,
            response=response,
            update=update,
            title=file.title,
            file=store("attachments", file.format, ContentFile(file.data)),
            format=file.format,
            sha256=sha256(file.data).hexdigest(),
            size=len(file.data),
        )


def _remove(attachments: QuerySet[Attachment]) -> None:
    """The rows now; the files when that is committed."""
    for attachment in attachments:
        drop(str(attachment.file.name))
        attachment.delete()
