"""Delivering: a batch of signatories is frozen, its files are made once, and they are handed to the addressees."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from coalition.jobs import enqueue
from coalition.models import User
from coalition.workflow import NOW, NotAllowed, locked
from letters import counting, record
from letters.documents import Sheet, make
from letters.lifecycle import flow, revise
from letters.models import Delivery, DeliveryFile, DeliveryLine, Endorsement, Format, Letter
from letters.models.documents import store, swept
from letters.roles import CONVENER

Status = Letter.Status
Visibility = Endorsement.Visibility


@swept()
@flow.step(Status.OPEN, Status.CLOSED, Status.DELIVERED, to=Status.DELIVERED, who=CONVENER, is_seen=True)
def deliver(
    letter: Letter,
    *,
    by: User | None,
    channel: str,
    reference: str = "",
    proof: ContentFile[bytes] | None = None,
    is_addendum: bool = False,
    note: str = "",
    at: datetime = NOW,
) -> None:
    """Freezes the list and the count as they are now. The files are made, and mailed, by a job.

    An addendum lists only those whom no delivery before has listed; its count is that of all, its other figures are
    those of its own list.
    """
    count = counting.count(letter, at)
    if not count.organisations:
        raise NotAllowed(_("No organisation has signed yet, so there is nothing to deliver."))
    if channel == Delivery.Channel.EMAIL and not any(to.email and not to.is_copied for to in letter.addressees.all()):
        raise NotAllowed(_("None of the main addressees has an email address. Choose how it was handed over."))
    version = letter.versions.filter(sealed_at__isnull=False).latest("number")
    signed = letter.endorsements.counted().in_order_of(letter).select_related("organisation")
    if is_addendum:
        signed = signed.exclude(Exists(DeliveryLine.objects.filter(endorsement=OuterRef("pk"))))
    lines = sorted(signed, key=lambda endorsement: endorsement.visibility != Visibility.NAMED)
    if not lines:
        raise NotAllowed(_("Nobody has signed since the delivery before."))
    number = letter.deliveries.count() + 1
    delivery = Delivery(
        letter=letter,
        number=number,
        version=version,
        at=at,
        channel=channel,
        reference=reference,
        is_addendum=is_addendum,
        count=count.organisations,
        named=sum(endorsement.visibility == Visibility.NAMED for endorsement in lines) if is_addendum else count.named,
        withheld=_withheld_of(lines) if is_addendum else _withheld(count),
    )
    if proof is not None:
        delivery.proof = store("proofs", str(proof.name).rpartition(".")[2], proof)
    delivery.save()
    DeliveryLine.objects.bulk_create(
        DeliveryLine(
            delivery=delivery,
            position=position,
            endorsement=endorsement,
            visibility=endorsement.visibility,
            printed=_printed(endorsement),
        )
        for position, endorsement in enumerate(lines, start=1)
    )
    letter.closed_at = letter.closed_at or at
    enqueue("letters.tasks.hand_over", delivery=delivery.pk)


def hand_over(delivery: Delivery) -> None:
    """Makes the files of a delivery that are still missing, writes them into the record, and defers the mails: to the
    addressees where it goes by email from here, and to the signers. May be repeated at any point."""
    make_files(delivery)
    with locked(delivery.letter):
        record.add_delivery(delivery)
        revise(delivery.letter, lowering=False)
    with transaction.atomic():
        if delivery.channel == Delivery.Channel.EMAIL:
            for addressee in delivery.letter.addressees.all():
                if addressee.email:
                    enqueue("letters.tasks.send_delivery", delivery=delivery.pk, addressee=addressee.pk)
        for endorsement in delivery.lines.order_by("position").values_list("endorsement", flat=True):
            enqueue("letters.tasks.tell_of_delivery", delivery=delivery.pk, endorsement=endorsement)


def make_files(delivery: Delivery) -> None:
    """Each language of the version in each format, from the frozen lines; what is there is never made again."""
    there = set(delivery.files.values_list("language", "format"))
    for text in delivery.version.texts.order_by("language"):
        missing = [form for form in Format if (text.language, form.value) not in there]
        if not missing:
            continue
        sheet = Sheet.of_delivery(delivery, text)
        for form in missing:
            data = make(sheet, form)
            with swept():
                DeliveryFile.objects.create(
                    delivery=delivery,
                    language=text.language,
                    format=form,
                    file=store("deliveries", form, ContentFile(data)),
                    sha256=hashlib.sha256(data).hexdigest(),
                    size=len(data),
                    made_at=timezone.now(),
                )


def _withheld(count: counting.Count) -> dict[str, int]:
    by_country = {code: number for code, number in count.withheld_by_country.items() if code}
    return by_country | ({"": count.country_not_given} if count.country_not_given else {})


def _withheld_of(signed: Iterable[Endorsement]) -> dict[str, int]:
    """The same figures, of these alone."""
    withheld = [one for one in signed if one.visibility != Visibility.NAMED]
    return dict(Counter(one.printed_country if one.visibility == Visibility.COUNTRY else "" for one in withheld))


def _printed(endorsement: Endorsement) -> dict[str, str] | None:
    if endorsement.visibility != Visibility.NAMED:
        return None
    organisation = endorsement.organisation
    return {
        "name": endorsement.printed_name,
        "acronym": endorsement.printed_acronym,
        "country": endorsement.printed_country,
        "tier": endorsement.tier,
        "is_consultative": organisation.ecosoc_status if organisation else "",
    }
