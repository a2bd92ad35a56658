"""`manage.py load_samples`: fills a new installation with published letters, and an invented one that is open."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from coalition.workflow import together
from letters import endorsing, importing, lifecycle
from letters.models import Addressee, Endorsement, Letter, Text, Version
from signatories import matching, vetting
from signatories.models import Organisation

SAMPLES = Path(settings.BASE_DIR) / "letters" / "samples"
OPEN = "open.json"


class Command(BaseCommand):
    help = "Loads the sample letters of letters/samples/; those that are there already stay as they are."

    def handle(self, *args: Any, **options: Any) -> None:
        at = timezone.now()
        for file in sorted(SAMPLES.glob("*.json")):
            letter = load_open(file, at) if file.name == OPEN else load_published(file, at)
            if letter is None:
                self.stdout.write(f"  {file.stem}: nothing to do")
            else:
                self.stdout.write(f"  {letter.title}: {letter.endorsements.count()} organisations")
            self.stdout.flush()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # or the first pages are made on guesses about empty tables


def load_published(file: Path, at: datetime) -> Letter | None:
    outcome = importing.put_on_record(importing.read(file.read_bytes()), at=at)
    return outcome.letter if outcome.is_new else None


@transaction.atomic
def load_open(file: Path, at: datetime) -> Letter | None:
    """The invented letter, its signatories, and organisations that have not signed it yet."""
    sample = json.loads(file.read_bytes())
    if Letter.objects.filter(slug=sample["slug"]).exists():
        return None
    letter = lifecycle.open(draft(sample, at), by=None, at=at)
    with together(letter):
        for signatory in sample["signatories"]:
            endorsement = endorsing.record(
                letter,
                registered(signatory, at),
                by=None,
                evidence=Endorsement.Evidence.CHECKED,
                printed_name=signatory["name"],
                tier=signatory["tier"],
                at=at,
            )
            endorsing.approve(endorsement, by=None, at=at)
    for known in sample["known"]:
        list_organisation(registered(known, at), at)
    return letter


def draft(sample: dict[str, Any], at: datetime) -> Letter:
    zone = ZoneInfo(sample["timezone"])
    last_day = at.astimezone(zone).date() + timedelta(days=sample["closes_in_days"])
    letter = Letter.objects.create(
        slug=sample["slug"],
        reference=sample["reference"],
        kind=sample["kind"].replace(" ", "_"),
        audience=Letter.Audience.PUBLIC,
        dated_on=at.date(),
        closes_at=datetime.combine(last_day, time(23, 59), zone),
        time_zone=sample["timezone"],
        topics=sample["topics"],
        authoritative_language=sample["authoritative_language"],
    )
    for order, addressee in enumerate(sample["addressees"]):
        is_copied = addressee.pop("cc")
        Addressee.objects.create(letter=letter, order=order, is_copied=is_copied, **addressee)
    version = Version.objects.create(letter=letter)
    for language, text in sample["texts"].items():
        Text.objects.create(version=version, language=language, **text)
    return letter


def registered(entry: dict[str, Any], at: datetime) -> Organisation:
    return matching.same(entry["name"], entry["country"]) or vetting.register(
        name=entry["name"],
        country=entry["country"],
        website=entry.get("website", ""),
        language=entry["language"],
        at=at,
    )


def list_organisation(organisation: Organisation, at: datetime) -> None:
    """Known to everybody, as though a moderator had listed it."""
    if organisation.standing == Organisation.Standing.PROVISIONAL:
        vetting.verify(organisation, by=None, at=at)
    organisation.is_listed = True
    organisation.save(update_fields=["is_listed"])
