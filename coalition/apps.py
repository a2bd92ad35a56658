"""The name plate of the kernel, and what Django is to look at when it starts."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin
from django.utils.translation import gettext_lazy as _


class CoalitionConfig(AppConfig):
    name = "coalition"
    default = True
    verbose_name = _("Coalition")

    def ready(self) -> None:
        import coalition.checks  # noqa: F401  registers them


class DeskConfig(admin.AdminConfig):
    default = False
    default_site = "coalition.desk.Desk"
