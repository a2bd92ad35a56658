"""The strong room: encrypted columns, and the keyed digests by which we find or count what we do not keep."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.crypto import salted_hmac
from email_validator import validate_email

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField  # can't be subscripted at run time


class Undecipherable(Exception):
    """None of the keys in FIELD_KEYS opens a stored value."""


class EncryptedTextField(TextField):
    """Text that lies in the database as a Fernet token, under the newest of settings.FIELD_KEYS.

    Python sees plain text; null stays null. A row saved again is encrypted under the newest key. Only `isnull` can be
    asked of it: the same text never gives the same token, so anything else raises FieldError. Raises Undecipherable on
    load where the key is missing.
    """

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        text = super().get_db_prep_value(value, connection, prepared)
        return None if text is None else keyring().encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> str | None:
        if value is None:
            return None
        try:
            return keyring().decrypt(value).decode()
        except InvalidToken:
            raise Undecipherable(f"No key in FIELD_KEYS opens this value of {self}.") from None

    def get_lookup(self, lookup_name: str) -> type[models.Lookup[Any]] | None:
        if lookup_name != "isnull":
            raise FieldError(f"{self} is encrypted: ask for {self.name}__isnull, or search by a digest beside it.")
        return super().get_lookup(lookup_name)


def keyring() -> MultiFernet:
    """Encrypts under the newest of settings.FIELD_KEYS, decrypts under any."""
    return MultiFernet([Fernet(key) for key in settings.FIELD_KEYS])


def email_digest(address: str) -> str:
    """64 hexadecimal digits that are the same for every way to write one mailbox: HMAC-SHA-256 under DIGEST_KEY.

    Raises ValueError as canonical_address does.
    """
    return hmac.new(settings.DIGEST_KEY.encode(), canonical_address(address).encode(), hashlib.sha256).hexdigest()


#: Google: "Dots don't matter in Gmail addresses", and gmail.com and googlemail.com are one
#: (support.google.com/mail/answer/7436150 and 10313). In Workspace domains dots do matter, so the list is complete.
GMAIL = {"gmail.com", "googlemail.com"}


def canonical_address(address: str) -> str:
    """One way to write each mailbox, in ASCII, for counting and finding only; mail goes to the address as typed.

    Lower case; the domain as IDNA; no `+tag` (the separator of RFC 5233's examples, and of Gmail, Outlook, Fastmail,
    Proton); no dots at Gmail. Raises ValueError for what is no address with an ASCII local part and a domain that has a
    dot.
    """
    # A test environment is one that knows addresses under .test, as our sign form does.
    parts = validate_email(address, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    local, domain = parts.local_part.lower(), parts.ascii_domain.lower()
    if "." not in domain:
        raise ValueError("The domain of an address has a dot.")
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{_without_tag(local)}@{domain}"


def _without_tag(local: str) -> str:
    base = local[0] + local[1:].partition("+")[0]
    # "+972" has no name before its plus, and "a." could not stand alone: there the plus belongs to the name.
    return local if base.endswith(".") else base


def digest_of_the_day(purpose: str, value: str, day: date) -> str:
    """64 hexadecimal digits of a value, under a key that SECRET_KEY gives for one purpose and one day (UTC).

    What is counted by it can't be followed from one day to the next.
    """
    return salted_hmac(f"coalition.{purpose}.{day.isoformat()}", value, algorithm="sha256").hexdigest()
