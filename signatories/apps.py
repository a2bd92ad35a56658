"""The register of organisations, as Django sees it."""

from django.apps import AppConfig


class SignatoriesConfig(AppConfig):
    name = "signatories"
