"""Mails to representatives: which event or new version tells them what, and how a message is made."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from coalition import links
from coalition.fields import email_digest
from coalition.jobs import enqueue
from coalition.models import SentMail, SiteSettings
from letters import differences
from letters.models import (
    Addressee,
    Delivery,
    Endorsement,
    EndorsementEvent,
    Format,
    Invitation,
    Letter,
    Representative,
    Response,
    Update,
    Version,
)

#: Event → template in letters/mail/; None where nobody is told.
MAILS: dict[str, str | None] = {
    "submit": "confirm",
    "resend": "link",
    "record": "recorded",
    "confirm": "received",
    "confirm_held": "received",
    "expire": None,
    "ask": "question",
    "answer": None,
    "answer_held": None,
    "approve": "published",
    "hold": None,
    "release": None,
    "reject": "not_published",
    "lower": None,
    "subscribe": None,
    "unsubscribe": None,
    "reconsent": "kept",
    "lapse": "lapsed",
    "withdraw": "withdrawn",
    "remove_for_safety": None,
    "fold": None,
    "unfold": None,
    "move": None,
    "undo": "stands_again",
}
#: Decisions of staff wait a while, so that they can be undone before anybody is told.
DECISIONS = ("approve", "reject", "ask")
#: So do steps with this code, which such a decision brings with it.
BROUGHT = (Endorsement.SIGNED_ANEW,)
#: Mails that anybody can have sent, by typing an address into the form.
CAUSED_BY_THE_FORM = ("submit", "resend")
#: A mailbox that has never confirmed anything gets at most this many mails a day, whoever types its address.
UNCONFIRMED_A_DAY = 3
#: And one that has, at most so many that somebody caused by filling in the form.
CONFIRMED_A_DAY = 20
COLUMNS = 72
#: What the parts of a mail that carry our documents are.
DOCUMENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain",
}


def tell(event: EndorsementEvent) -> None:
    """Defers the mail of an event, in its transaction."""
    if MAILS[event.verb] is None or not Representative.objects.filter(endorsement=event.endorsement_id).exists():
        return
    waits = event.verb in DECISIONS or event.code in BROUGHT
    delay = timedelta(seconds=settings.DECISION_MAIL_DELAY) if waits else timedelta()
    enqueue("letters.tasks.send_mail", after=delay, event=event.pk)


def send(event: EndorsementEvent) -> bool:
    """Sends the mail of an event, once, if it still holds. Returns whether a message left."""
    representative = _representative(event.endorsement)
    if representative is None or _is_superseded(event) or _is_untold(event) or _has_had_enough(event, representative):
        return False
    return leave(compose(event, representative), representative)


def send_version(version: Version, endorsement: Endorsement) -> bool:
    """Tells who has confirmed a signature that the text has changed; after a change of substance, asks again.

    A later version has a mail of its own, which says what both changed.
    """
    representative = _representative(endorsement)
    letter, now = endorsement.letter, timezone.now()
    is_told = endorsement.confirmed_at is not None and endorsement.told_status(now) in Endorsement.LIVE
    is_newest = letter.version == version and letter.status in Letter.PUBLIC
    if representative is None or not is_told or not is_newest or endorsement.version.number >= version.number:
        return False
    template = "letters/mail/changed.txt" if endorsement.is_due else "letters/mail/corrected.txt"
    context = about_version(version, endorsement)
    return leave(message(template, context, representative, f"version:{version.pk}", version.sealed_at), representative)


def about_version(version: Version, endorsement: Endorsement) -> dict[str, Any]:
    """What has changed since the endorsement was given, in the language that was signed."""
    notes = endorsement.letter.versions.filter(number__gt=endorsement.version.number, number__lte=version.number)
    difference = differences.since(endorsement.version, version, endorsement.language)
    return {"notes": notes.order_by("number").values_list("note", flat=True), "difference": difference}


def send_response(response: Response, endorsement: Endorsement) -> bool:
    """Tells a signer who asked for it what an addressee answered; of a confidential response, date and kind alone."""
    context = {"response": response, "quoted": _quoted(response.text) if response.is_published else ""}
    key = f"response:{response.pk}"
    return _send_news("letters/mail/response.txt", context, endorsement, key, response.created_at)


def send_update(update: Update, endorsement: Endorsement) -> bool:
    """Tells a signer who asked for it the conveners' news."""
    context = {"update": update, "quoted": _quoted(f"{update.title}\n\n{update.body}")}
    return _send_news("letters/mail/update.txt", context, endorsement, f"update:{update.pk}", update.created_at)


def _send_news(template: str, context: dict[str, Any], endorsement: Endorsement, key: str, at: datetime) -> bool:
    """One mail for each endorsement, as each can be stopped for itself; the link in its headers does that alone."""
    representative = _representative(endorsement)
    is_wanted = endorsement.consents_to_contact and endorsement.status == Endorsement.Status.APPROVED
    is_told = is_wanted and not endorsement.is_due and endorsement.letter.status in Letter.PUBLIC
    if representative is None or not is_told:
        return False
    token = links.make(endorsement.public_id, links.Purpose.NEWS, representative.link_epoch, at)
    with translation.override(representative.language):
        stop = settings.SITE_URL + reverse("letters:news", args=[token])
    made = message(template, {**context, "stop": stop}, representative, key, at)
    made.extra_headers |= {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return leave(made, representative)


def send_delivery(delivery: Delivery, endorsement: Endorsement) -> bool:
    """Tells a signer that the letter has been delivered, with their organisation as one of so many."""
    representative = _representative(endorsement)
    if representative is None or endorsement.status != Endorsement.Status.APPROVED:
        return False
    context = {"delivery": delivery, "addressees": delivery.recipients}
    key = f"delivery:{delivery.pk}"
    return leave(message("letters/mail/delivered.txt", context, representative, key, delivery.at), representative)


def send_to_addressee(delivery: Delivery, addressee: Addressee) -> bool:
    """The letter itself, with its files as they were frozen, to an office that it is addressed to."""
    letter = delivery.letter
    texts = {text.language: text for text in delivery.version.texts.all()}
    text = texts[letter.authoritative_language]
    words = {
        "site": SiteSettings.load(),
        "letter": letter,
        "title": text.title,
        "salutation": text.salutation,
        "delivery": delivery,
        "page": settings.SITE_URL + letter.get_absolute_url() if letter.is_public(timezone.now()) else "",
    }
    interface = next((code for code, _ in settings.LANGUAGES if code == text.language.lower()), "en")
    recipient = email_digest(addressee.email)
    made = _made(
        "letters/mail/handed_over.txt", words, interface, addressee.email, _id_of(f"to:{delivery.pk}", recipient)
    )
    made.extra_headers.pop("Auto-Submitted")
    for kept in delivery.files.filter(format=Format.PDF) or delivery.files.all():
        with kept.file.open("rb") as file:
            made.attach(f"{letter.slug}-{kept.language}.{kept.format}", file.read(), DOCUMENT_TYPES[kept.format])
    return _leave(made, recipient)


def send_invitation(invitation: Invitation) -> bool:
    """Asks an organisation to sign, with the link that opens the letter for it."""
    letter, now = invitation.letter, timezone.now()
    if invitation.state is not Invitation.State.WAITING or not letter.accepts(now):
        return False
    with translation.override(invitation.language):
        texts = {text.language.lower(): text for text in letter.texts.values()}
        text = texts.get(invitation.language) or next(iter(letter.texts.values()))
        words = {
            "site": SiteSettings.load(),
            "letter": letter,
            "title": text.title,
            "name": invitation.name,
            "addressees": _main_addressees(letter),
            "closes_at": letter.closes_at if letter.is_open(now) else None,
            "link": settings.SITE_URL + path_of(invitation),
        }
    key = _id_of(f"invitation:{invitation.pk}:{invitation.link_epoch}", invitation.email_digest)
    made = _made("letters/mail/invitation.txt", words, invitation.language, invitation.email, key)
    return _leave(made, invitation.email_digest)


def path_of(invitation: Invitation) -> str:
    """The address behind which its letter can be read and signed, in the active language."""
    token = links.make(invitation.public_id, links.Purpose.INVITATION, invitation.link_epoch, invitation.invited_at)
    return reverse("letters:invitation", args=[token])


def _main_addressees(letter: Letter) -> list[str]:
    return [str(addressee) for addressee in letter.addressees.all() if not addressee.is_copied]


def leave(made: EmailMultiAlternatives, representative: Representative) -> bool:
    """Sends a message, once. Returns whether it left.

    If the process dies between the sending and the commit, the repeat carries the same Message-ID.
    """
    return _leave(made, representative.email_digest)


def _leave(made: EmailMultiAlternatives, recipient: str) -> bool:
    with transaction.atomic():
        _, is_new = SentMail.objects.get_or_create(
            message_id=made.extra_headers["Message-ID"], defaults={"recipient": recipient}
        )
        if is_new:
            made.send()
    return is_new


def compose(event: EndorsementEvent, representative: Representative) -> EmailMultiAlternatives:
    """The message of an event."""
    context = {
        "question": getattr(getattr(event, "note", None), "text", "") or "",
        "reason": "" if event.code in Endorsement.UNSAID else dict(Endorsement.Reason.choices).get(event.code, ""),
        "code": event.code,
    }
    return message(f"letters/mail/{MAILS[event.verb]}.txt", context, representative, str(event.pk), event.at)


def message(
    template: str, context: dict[str, Any], representative: Representative, key: str, at: datetime | None = None
) -> EmailMultiAlternatives:
    """A message to a representative in their language: the template's first line is the subject, the rest the text,
    and the HTML says the same.

    `key` says what the mail is about; with the endorsement and the recipient, who may have signed for several, it
    makes the Message-ID. `at`: when its link was made.
    """
    endorsement = representative.endorsement
    letter = endorsement.letter
    site = SiteSettings.load()
    now = timezone.now()
    awaits = endorsement.told_status(now) == Endorsement.Status.SUBMITTED
    purpose = links.Purpose.CONFIRM if awaits else links.Purpose.MANAGE
    token = links.make(endorsement.public_id, purpose, representative.link_epoch, at or now)
    with translation.override(representative.language):
        text_of_letter = letter.texts.get(endorsement.language) or next(iter(letter.texts.values()))
        words = {
            "site": site,
            "letter": letter,
            "title": text_of_letter.title,
            "endorsement": endorsement,
            "name": "" if _may_be_a_link(endorsement.printed_name) else endorsement.printed_name,
            "awaits_confirmation": awaits,
            "link": settings.SITE_URL + reverse("letters:endorsement", args=[token]),
            "page": settings.SITE_URL + letter.get_absolute_url() if letter.is_public(now) else "",
            "expires_at": endorsement.expires_at,
            "accepts": letter.is_public(now) and letter.accepts(now),
            **context,
        }
    message_id = _id_of(f"{key}:{endorsement.pk}", representative.email_digest)
    return _made(template, words, representative.language, representative.email, message_id)


def _made(template: str, words: dict[str, Any], language: str, address: str, message_id: str) -> EmailMultiAlternatives:
    site = words["site"]
    with translation.override(language):
        subject, _, text = render_to_string(template, words).strip().partition("\n")
        if words["letter"].is_under_embargo(timezone.now()):
            text = f"{render_to_string('letters/mail/_embargo.txt', words).strip()}\n\n{text.strip()}"
        text = _wrapped(text.strip())
        html = render_to_string("letters/mail/mail.html", {"site": site, "subject": subject, "blocks": _blocks(text)})
    name = re.sub(r'[\r\n"<>]', " ", site.name)
    made = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text + "\n",
        from_email=f'"{name}" <{settings.DEFAULT_FROM_EMAIL}>',
        to=[address],
        reply_to=[site.contact_email] if site.contact_email else None,
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated", "Content-Language": language},
    )
    made.attach_alternative(html, "text/html")
    return made


def _representative(endorsement: Endorsement) -> Representative | None:
    found = Representative.objects.filter(endorsement=endorsement).first()
    if found is not None:
        found.endorsement = endorsement
    return found


def _is_superseded(event: EndorsementEvent) -> bool:
    """A later step has changed the status; into and out of a hold does not count, as nobody may notice it."""
    held, live = Endorsement.Status.HELD, Endorsement.LIVE
    later = EndorsementEvent.objects.filter(endorsement=event.endorsement_id, pk__gt=event.pk)
    unnoticed = Q(from_status=F("to_status")) | Q(to_status=held) | Q(from_status=held, to_status__in=live)
    return later.exclude(unnoticed).exists()


def _is_untold(event: EndorsementEvent) -> bool:
    if event.verb == "approve":
        return event.endorsement.letter.status not in Letter.PUBLIC or event.endorsement.is_due
    if event.code == Endorsement.SIGNED_ANEW:
        return not event.endorsement.stands_anew
    if event.verb == "undo":
        return event.by is not None or event.from_status != Endorsement.Status.WITHDRAWN
    return event.verb == "reject" and event.code in Endorsement.UNTOLD


def _has_had_enough(event: EndorsementEvent, representative: Representative) -> bool:
    """Anybody can have these two sent, by typing an address into the form."""
    if event.verb not in CAUSED_BY_THE_FORM:
        return False
    same = Representative.objects.filter(email_digest=representative.email_digest)
    has_confirmed = same.filter(endorsement__confirmed_at__isnull=False).exists()
    day_ago = timezone.now() - timedelta(days=1)
    asked_for = EndorsementEvent.objects.filter(verb__in=CAUSED_BY_THE_FORM, at__gt=day_ago, pk__lt=event.pk)
    earlier = asked_for.filter(endorsement__representative__email_digest=representative.email_digest)
    return earlier.count() >= (CONFIRMED_A_DAY if has_confirmed else UNCONFIRMED_A_DAY)


def _id_of(key: str, recipient: str) -> str:
    digest = salted_hmac("coalition.mail", f"{key}:{recipient}", algorithm="sha256").hexdigest()
    return f"<{digest[:40]}@{settings.SITE_URL.split('//')[1].split(':')[0]}>"


def _may_be_a_link(name: str) -> bool:
    """Mail programs make links of such words, and a stranger may have typed them."""
    return re.search(r"://|www\.|\w\.\w\w", name) is not None


def _wrapped(text: str) -> str:
    lines = []
    for line in text.splitlines():
        lines += [line] if "://" in line or len(line) <= COLUMNS else textwrap.wrap(line, COLUMNS)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _quoted(text: str) -> str:
    """What others wrote, told apart from our own words line by line."""
    wrap = partial(textwrap.wrap, width=COLUMNS - 2, break_long_words=False, break_on_hyphens=False)
    lines = [wrap(line) or [""] for line in text.splitlines()]
    return "\n".join(f"> {line}" if line else "" for wrapped in lines for line in wrapped)


def _blocks(text: str) -> list[dict[str, str]]:
    """The paragraphs of the text for its HTML; a link that stands alone becomes the action, and what is quoted from
    the letter has a direction of its own."""
    return [
        {"link": block}
        if re.fullmatch(r"https?://\S+", block)
        else {"text": block, "dir": "auto" if block.startswith(("− ", "+ ", "> ")) else ""}
        for block in map(str.strip, text.split("\n\n"))
    ]
