"""Letters and their endorsements, as Django sees them."""

from datetime import datetime

from django.apps import AppConfig
from django.db.models import Model, QuerySet


class LettersConfig(AppConfig):
    name = "letters"

    def ready(self) -> None:
        from signatories.models import NAMED_IN_PUBLIC

        NAMED_IN_PUBLIC.append(_named_signatories)


def _named_signatories(at: datetime) -> QuerySet[Model]:
    from letters.models import Endorsement, Letter

    return Endorsement.objects.listed().filter(letter__in=Letter.objects.visible_to(None, at)).order_by()
