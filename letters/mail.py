"""Mails about endorsements: which event tells the representative what, and how a message is made."""

from __future__ import annotations

import re
import textwrap
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac

from coalition import links
from coalition.jobs import enqueue
from coalition.models import SentMail, SiteSettings
from letters.models import Endorsement, EndorsementEvent, Letter, Representative

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
    "withdraw": "withdrawn",
    "remove_for_safety": None,
    "undo": None,
}
#: Decisions of staff wait a while, so that they can be undone before anybody is told.
DECISIONS = ("approve", "reject", "ask")
#: A mailbox that has never confirmed anything gets at most this many mails a day, whoever types its address.
UNCONFIRMED_A_DAY = 3
#: And one that has, at most so many that somebody caused by filling in the form.
CONFIRMED_A_DAY = 20
COLUMNS = 72


def tell(event: EndorsementEvent) -> None:
    """Defers the mail of an event, in its transaction."""
    if MAILS[event.verb] is None or not Representative.objects.filter(endorsement=event.endorsement_id).exists():
        return
    delay = timedelta(seconds=settings.DECISION_MAIL_DELAY) if event.verb in DECISIONS else timedelta()
    enqueue("letters.tasks.send_mail", after=delay, event=event.pk)


def send(event: EndorsementEvent) -> bool:
    """Sends the mail of an event, once, if it still holds. Returns whether a message left.

    If the process dies between the sending and the commit, the repeat carries the same Message-ID.
    """
    representative = Representative.objects.filter(endorsement=event.endorsement_id).first()
    if representative is None or _is_superseded(event) or _is_untold(event) or _has_had_enough(event, representative):
        return False
    message = compose(event, representative)
    with transaction.atomic():
        _, is_new = SentMail.objects.get_or_create(
            message_id=message.extra_headers["Message-ID"], defaults={"recipient": representative.email_digest}
        )
        if is_new:
            message.send()
    return is_new


def compose(event: EndorsementEvent, representative: Representative) -> EmailMultiAlternatives:
    """The message: the template's first line is the subject, the rest the text, and the HTML says the same."""
    endorsement = event.endorsement
    letter = endorsement.letter
    site = SiteSettings.load()
    now = timezone.now()
    awaits = endorsement.told_status(now) == Endorsement.Status.SUBMITTED
    purpose = links.Purpose.CONFIRM if awaits else links.Purpose.MANAGE
    token = links.make(endorsement.public_id, purpose, representative.link_epoch, event.at)
    with translation.override(representative.language):
        text_of_letter = letter.texts.get(endorsement.language) or next(iter(letter.texts.values()))
        context = {
            "site": site,
            "letter": letter,
            "title": text_of_letter.title,
            "endorsement": endorsement,
            "name": "" if _may_be_a_link(endorsement.printed_name) else endorsement.printed_name,
            "question": getattr(getattr(event, "note", None), "text", "") or "",
            "reason": "" if event.code in Endorsement.UNSAID else dict(Endorsement.Reason.choices).get(event.code, ""),
            "awaits_confirmation": awaits,
            "link": settings.SITE_URL + reverse("letters:endorsement", args=[token]),
            "page": settings.SITE_URL + letter.get_absolute_url() if letter.is_public(now) else "",
            "expires_at": endorsement.expires_at,
        }
        subject, _, text = render_to_string(f"letters/mail/{MAILS[event.verb]}.txt", context).strip().partition("\n")
        text = _wrapped(text.strip())
        html = render_to_string("letters/mail/mail.html", {"site": site, "subject": subject, "blocks": _blocks(text)})
    name = re.sub(r'[\r\n"<>]', " ", site.name)
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text + "\n",
        from_email=f'"{name}" <{settings.DEFAULT_FROM_EMAIL}>',
        to=[representative.email],
        reply_to=[site.contact_email] if site.contact_email else None,
        headers={
            "Message-ID": _message_id(event, representative),
            "Auto-Submitted": "auto-generated",
            "Content-Language": representative.language,
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _is_superseded(event: EndorsementEvent) -> bool:
    """A later step has changed the status; into and out of a hold does not count, as nobody may notice it."""
    held, live = Endorsement.Status.HELD, Endorsement.LIVE
    later = EndorsementEvent.objects.filter(endorsement=event.endorsement_id, pk__gt=event.pk)
    unnoticed = Q(from_status=F("to_status")) | Q(to_status=held) | Q(from_status=held, to_status__in=live)
    return later.exclude(unnoticed).exists()


def _is_untold(event: EndorsementEvent) -> bool:
    if event.verb == "approve":
        return event.endorsement.letter.status not in Letter.PUBLIC
    return event.verb == "reject" and event.code in Endorsement.UNTOLD


def _has_had_enough(event: EndorsementEvent, representative: Representative) -> bool:
    """Anybody can have these two sent, by typing an address into the form."""
    if event.verb not in ("submit", "resend"):
        return False
    same = Representative.objects.filter(email_digest=representative.email_digest)
    has_confirmed = same.filter(endorsement__confirmed_at__isnull=False).exists()
    day_ago = timezone.now() - timedelta(days=1)
    sent = SentMail.objects.filter(recipient=representative.email_digest, sent_at__gt=day_ago)
    return sent.count() >= (CONFIRMED_A_DAY if has_confirmed else UNCONFIRMED_A_DAY)


def _message_id(event: EndorsementEvent, representative: Representative) -> str:
    digest = salted_hmac("coalition.mail", f"{event.pk}:{representative.email_digest}", algorithm="sha256").hexdigest()
    return f"<{digest[:40]}@{settings.SITE_URL.split('//')[1].split(':')[0]}>"


def _may_be_a_link(name: str) -> bool:
    """Mail programs make links of such words, and a stranger may have typed them."""
    return re.search(r"://|www\.|\w\.\w\w", name) is not None


def _wrapped(text: str) -> str:
    lines = []
    for line in text.splitlines():
        lines += [line] if "://" in line or len(line) <= COLUMNS else textwrap.wrap(line, COLUMNS)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _blocks(text: str) -> list[dict[str, str]]:
    """The paragraphs of the text for its HTML; a link that stands alone becomes the action."""
    return [
        {"link": block} if re.fullmatch(r"https?://\S+", block) else {"text": block}
        for block in map(str.strip, text.split("\n\n"))
    ]
