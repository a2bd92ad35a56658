"""People, the coalition's own details, and the tables that the small kernel keeps."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person with an account; `email` is kept in lower case. Without a password they can't sign in yet."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A convener, moderator, observer or administrator. Representatives of organisations have no account."""

    email = models.EmailField(_("email address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=12, choices=settings.LANGUAGES, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    is_staff = models.BooleanField(_("may enter the desk"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined at"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(name="user_email_is_lower_case", condition=models.Q(email=Lower("email"))),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class SiteSettings(models.Model):
    """The coalition itself, one row: what pages and mails say of whoever runs this installation."""

    name = models.CharField(_("name of the coalition"), max_length=120, default="Coalition")
    contact_email = models.EmailField(_("contact email"), blank=True)
    imprint = models.TextField(_("imprint"), blank=True, help_text=_("Who is responsible for this site, and where."))
    revision = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("site settings")
        verbose_name_plural = _("site settings")
        constraints = [models.CheckConstraint(name="site_settings_are_one_row", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def load(cls) -> SiteSettings:
        """The one row, or its defaults where nobody has saved it yet."""
        return cls.objects.first() or cls(id=1)


class RateCount(models.Model):
    """How often something was tried within one window; the key is a digest that nobody can read back."""

    key = models.CharField(max_length=64)
    window_start = models.DateTimeField(db_index=True)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="rate_count_is_one_per_window", fields=["key", "window_start"])]


class SentMail(models.Model):
    """That a message left the house, so that a job run twice sends once."""

    message_id = models.CharField(max_length=255, unique=True)
    recipient = models.CharField(max_length=64, help_text="The digest of the address.")
    sent_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(name="sent_mail_by_recipient", fields=["recipient", "sent_at"])]


class Event(models.Model):
    """One step in the life of something: the audit trail, the timeline and the reason of every mail.

    Holds codes and instants, never words that name anybody: those go into a Note. Postgres refuses to change or delete
    one. `by` is empty where a representative, the clock or a command acted.
    """

    verb = models.CharField(max_length=32)
    from_status = models.CharField(max_length=16, blank=True)
    to_status = models.CharField(max_length=16)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    code = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()

    class Meta:
        abstract = True
        ordering = ["id"]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


class Note(models.Model):
    """The free words that go with one event; they can be emptied, and nothing else can happen to them."""

    text = models.TextField(null=True)  # noqa: DJ001  null is "erased", which is not the same as nothing said

    class Meta:
        abstract = True
        triggers = [
            pgtrigger.Protect(name="kept", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_erased",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "NEW.text IS NOT NULL OR NEW.id IS DISTINCT FROM OLD.id"
                    " OR NEW.event_id IS DISTINCT FROM OLD.event_id"
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.text or str(_("Erased"))
