"""The register of organisations, as Django sees it."""

from django.apps import AppConfig


class SignatoriesConfig(AppConfig):
    name = "signatories"

    def ready(self) -> None:
        from signatories.merging import REPOINT
        from signatories.models import Membership
        from signatories.networks import MEMBERSHIPS

        REPOINT[Membership] = MEMBERSHIPS
