"""The strong room: what is encrypted stays so, and one mailbox has one digest."""

from __future__ import annotations

import base64
import os
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import connection, models
from django.test.utils import isolate_apps
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from coalition.fields import EncryptedTextField, Undecipherable, canonical_address, digest_of_the_day, email_digest

relaxed = example_settings(deadline=None)


def new_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


# The column


@pytest.fixture
def secret(db: None) -> Any:
    """A model with one encrypted column, and its table."""
    with isolate_apps("coalition"):

        class Secret(models.Model):
            text = EncryptedTextField(null=True)  # type: ignore[misc]  # typed as never null

            class Meta:
                app_label = "coalition"

    with connection.schema_editor() as editor:
        editor.create_model(Secret)
    return Secret


def stored() -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM coalition_secret ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_text_comes_back_and_lies_encrypted(secret: Any) -> None:
    secret.objects.create(text="Бруно <bruno@example.org>")
    assert secret.objects.get().text == "Бруно <bruno@example.org>"
    [token] = stored()
    assert token is not None
    assert "bruno" not in token
    assert "Бруно" not in token
    assert base64.urlsafe_b64decode(token)[0] == 0x80, "a Fernet token begins with its version"


def test_equal_texts_have_unequal_tokens(secret: Any) -> None:
    secret.objects.bulk_create([secret(text="same"), secret(text="same"), secret(text="")])
    assert len(set(stored())) == 3
    assert [row.text for row in secret.objects.order_by("id")] == ["same", "same", ""]


def test_every_way_to_write_encrypts(secret: Any) -> None:
    row = secret.objects.create(text="first")
    secret.objects.update(text="second")
    row.refresh_from_db()
    assert row.text == "second"
    row.text = "third"
    secret.objects.bulk_update([row], ["text"])
    assert secret.objects.values_list("text", flat=True).get() == "third"
    assert "third" not in str(stored())


def test_null_stays_null_and_can_be_asked_for(secret: Any) -> None:
    secret.objects.create(text=None)
    secret.objects.create(text="something")
    assert stored()[0] is None
    assert secret.objects.filter(text__isnull=True).count() == 1
    assert secret.objects.get(text__isnull=False).text == "something"


@pytest.mark.parametrize("lookup", ["text", "text__exact", "text__contains", "text__in", "text__gt", "text__iregex"])
@pytest.mark.parametrize("value", ["x", None, ["x"]])
def test_no_other_question_is_answered(secret: Any, lookup: str, value: object) -> None:
    with pytest.raises(FieldError, match="is encrypted"):
        secret.objects.filter(**{lookup: value})


def test_old_keys_open_and_the_newest_closes(secret: Any, settings: Any) -> None:
    old, new = new_key(), new_key()
    settings.FIELD_KEYS = [old]
    row = secret.objects.create(text="kept")
    settings.FIELD_KEYS = [new, old]
    row.refresh_from_db()
    row.save()
    settings.FIELD_KEYS = [new]
    row.refresh_from_db()
    assert row.text == "kept"
    settings.FIELD_KEYS = [old]
    with pytest.raises(Undecipherable, match="FIELD_KEYS"):
        secret.objects.get()


@relaxed
@given(st.text())
def test_any_text_makes_the_round_trip(text: str) -> None:
    field = EncryptedTextField()
    token = field.get_db_prep_value(text, connection)
    assert field.from_db_value(token, None, connection) == text


# Addresses

ATOM = st.text("abcXYZ019!#$%&'*/=?^_`{|}~-", min_size=1, max_size=6)
NAMES = st.lists(ATOM, min_size=1, max_size=3).map(".".join)
TAGS = st.one_of(
    st.just(""), st.lists(st.text("abC+1", max_size=4), min_size=1, max_size=2).map(lambda t: "+" + "+".join(t))
)
DOMAINS = st.sampled_from(
    ["example.org", "mail.example.org", "gmail.com", "googlemail.com", "bücher.example", "пример.рф"]
)


@pytest.mark.slow
@relaxed
@given(st.sampled_from(["{}{}@{}", "+{}{}@{}", "{}.+x{}@{}"]), NAMES, TAGS, DOMAINS)
def test_a_canonical_address_is_its_own(shape: str, name: str, tag: str, domain: str) -> None:
    canonical = canonical_address(shape.format(name, tag, domain))
    assert canonical_address(canonical) == canonical
    assert canonical.isascii()
    assert canonical == canonical.casefold()


@pytest.mark.slow
@relaxed
@given(NAMES, TAGS, DOMAINS)
def test_case_tag_and_alphabet_of_the_domain_do_not_matter(name: str, tag: str, domain: str) -> None:
    plain = canonical_address(f"{name}@{domain}")
    assert canonical_address(f"{name.swapcase()}{tag}@{domain.upper()}") == plain
    assert canonical_address(f"{name}@{domain.encode('idna').decode()}") == plain


@pytest.mark.slow
@relaxed
@given(st.tuples(NAMES, DOMAINS), st.tuples(NAMES, DOMAINS))
def test_two_mailboxes_are_never_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    def mailbox(name: str, domain: str) -> tuple[str, str]:
        if domain in {"gmail.com", "googlemail.com"}:
            return name.lower().replace(".", ""), "gmail.com"
        return name.lower(), domain

    equal = canonical_address("{}@{}".format(*one)) == canonical_address("{}@{}".format(*other))
    assert equal == (mailbox(*one) == mailbox(*other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bruno@example.org", "bruno@examplе.org"),  # a Cyrillic е
        ("bruno@strasse.example", "bruno@straße.example"),
        ("bruno@example.org", "bruno@exampIe.org"),  # a capital I
        ("b.runo@example.org", "bruno@example.org"),  # dots count outside Gmail
        ("bruno@mail.example.org", "bruno@example.org"),
        ("+bruno@example.org", "bruno@example.org"),
        ("bruno.+x@example.org", "bruno@example.org"),
        ("bruno-x@example.org", "bruno@example.org"),
    ],
)
def test_look_alikes_are_two(one: str, other: str) -> None:
    assert canonical_address(one) != canonical_address(other)


def test_gmail_knows_no_dots() -> None:
    assert canonical_address("Chi.Ara+letters@googlemail.com") == "chiara@gmail.com"


@pytest.mark.parametrize(
    "address",
    [
        *("", "@", "bruno", "bruno@localhost", "bruno@test", "bruno@[127.0.0.1]", "mıke@example.org", "ſ@example.org"),
        *(
            "bruno@exam\u200bple.org",
            "bruno@\u202eexample.org",
            '"b c"@example.org',
            "a@b@example.org",
            "é@example.org",
        ),
        *("bruno@example.org\nBcc: x@example.org", "bruno\0@example.org"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical_address(address)


def test_a_digest_needs_the_key_and_shows_nothing(settings: Any) -> None:
    digest = email_digest("Bruno+a@example.org")
    assert digest == email_digest("bruno@EXAMPLE.org")
    assert len(digest) == 64
    settings.DIGEST_KEY = "another"
    assert email_digest("bruno@example.org") != digest


def test_digests_of_the_day_differ_by_day_and_purpose() -> None:
    today, tomorrow = date(2026, 7, 1), date(2026, 7, 2)
    digests = {digest_of_the_day(purpose, "x", day) for purpose in ("a", "b") for day in (today, tomorrow)}
    assert len(digests) == 4
    assert digest_of_the_day("a", "x", today) in digests
