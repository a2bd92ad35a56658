"""Letters and their endorsements, as Django sees them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.db.models import Model, QuerySet

if TYPE_CHECKING:
    from coalition.models import User
    from signatories.models import Organisation


class LettersConfig(AppConfig):
    name = "letters"

    def ready(self) -> None:
        from coalition.roles import KEEPERS
        from letters import imports as lists
        from letters import repointing
        from signatories import imports
        from signatories.merging import REPOINT
        from signatories.models import LINKED_IN_PUBLIC, NAMED_IN_PUBLIC, Import

        KEEPERS.append(_moderates_a_letter)
        NAMED_IN_PUBLIC.append(_named_signatories)
        LINKED_IN_PUBLIC.append(_revise_letters_that_name)
        REPOINT.update(repointing.REPOINT)
        imports.KINDS[Import.What.ENDORSEMENTS] = lists.KIND


def _moderates_a_letter(person: User) -> bool:
    from letters.models import LetterRole

    return LetterRole.objects.filter(user=person, role=LetterRole.Role.MODERATOR).exists()


def _named_signatories(at: datetime) -> QuerySet[Model]:
    from letters.models import Endorsement, Letter

    return Endorsement.objects.listed().filter(letter__in=Letter.objects.visible_to(None, at)).order_by()


def _revise_letters_that_name(organisation: Organisation) -> None:
    """In the order of their keys, as all locks of letters, and before the organisation is locked."""
    from letters.lifecycle import revise
    from letters.models import Endorsement, Letter

    named = Endorsement.objects.listed().filter(organisation=organisation).order_by()
    for letter in Letter.objects.filter(pk__in=named.values("letter")).order_by("pk"):
        revise(letter, lowering=True)
