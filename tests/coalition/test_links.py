"""The key cutter: a link opens one door, and nobody but us can cut one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.urls import path, register_converter, resolve, reverse
from hypothesis import assume, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from coalition.ids import public_id
from coalition.links import TOKEN_PATTERN, BadLink, Link, Purpose, TokenConverter, make, read, redact

AT = datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC)
URL_SAFE = "ABCXYZabcxyz0189_.-"
relaxed = example_settings(deadline=None)
ids = st.text("23456789bcdfghjkmnpqrstvwxz", min_size=1, max_size=16)
instants = st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds + 0.25, UTC))


@pytest.mark.slow
@relaxed
@given(ids, st.sampled_from(Purpose), st.integers(0, 10**9), instants)
def test_a_link_says_what_was_put_in(public_id: str, purpose: Purpose, epoch: int, at: datetime) -> None:
    token = make(public_id, purpose, epoch, at)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert re.fullmatch(TOKEN_PATTERN, token)
    assert read(token) == Link(public_id, purpose, epoch, at.replace(microsecond=0))


def test_a_repeated_mail_carries_the_same_link() -> None:
    assert make("abc", Purpose.CONFIRM, 0, AT) == make("abc", Purpose.CONFIRM, 0, AT + timedelta(microseconds=5))
    assert make("abc", Purpose.CONFIRM, 0, AT) != make("abc", Purpose.CONFIRM, 0, AT + timedelta(seconds=1))


def test_a_link_fits_a_line_of_a_mail() -> None:
    assert len(make(public_id(), Purpose.MANAGE, 3, AT)) < 78


@relaxed
@given(st.integers(0, 200), st.characters(codec="utf-8"), st.sampled_from(Purpose))
def test_no_character_can_be_changed(position: int, character: str, purpose: Purpose) -> None:
    token = make("bcdfgh2345", purpose, 1, AT)
    position %= len(token)
    assume(token[position] != character)
    with pytest.raises(BadLink):
        read(token[:position] + character + token[position + 1 :])


@pytest.mark.slow
@relaxed
@given(st.one_of(st.text(), st.text(URL_SAFE), st.from_regex(TOKEN_PATTERN, fullmatch=True)))
def test_nothing_made_up_is_a_link(token: str) -> None:
    with pytest.raises(BadLink):
        read(token)


@pytest.mark.parametrize(
    "change", [lambda t: t + "A", lambda t: t[:-1], lambda t: " " + t, lambda t: t + "\n", str.upper]
)
def test_a_link_is_taken_whole(change: Any) -> None:
    with pytest.raises(BadLink):
        read(change(make("bcd", Purpose.MANAGE, 1, AT)))


def test_a_link_for_one_purpose_opens_no_other() -> None:
    tokens = {purpose: make("bcd", purpose, 1, AT) for purpose in Purpose}
    assert {purpose: read(token).purpose for purpose, token in tokens.items()} == {p: p for p in Purpose}
    assert len({token.rpartition(".")[0] for token in tokens.values()}) == 1, "only the signature tells them apart"
    assert len(set(tokens.values())) == len(Purpose)


def test_parts_of_two_links_make_no_third() -> None:
    one, other = make("bcd", Purpose.CONFIRM, 1, AT), make("xyz", Purpose.CONFIRM, 2, AT)
    with pytest.raises(BadLink):
        read(one.rpartition(".")[0] + "." + other.rpartition(".")[2])


def test_a_link_of_another_site_opens_nothing(settings: Any) -> None:
    settings.SITE_URL = "https://elsewhere.example.org"
    token = make("bcd", Purpose.CONFIRM, 1, AT)
    settings.SITE_URL = "https://letters.example.org"
    with pytest.raises(BadLink):
        read(token)


def test_links_in_inboxes_outlive_a_new_key_and_a_move_to_https(settings: Any) -> None:
    settings.SITE_URL = "http://letters.example.org:8000"
    token = make("bcd", Purpose.CONFIRM, 1, AT)
    settings.SITE_URL = "https://letters.example.org"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert read(token).public_id == "bcd"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadLink):
        read(token)


@pytest.mark.parametrize("bad", ["", "a.b", "a/b", "é", "x" * 65])
def test_an_id_that_cannot_stand_in_an_address_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match="address"):
        make(bad, Purpose.CONFIRM, 1, AT)


# In addresses

register_converter(TokenConverter, "tried")
urlpatterns = [path("<tried:token>/", lambda request, token: HttpResponse(), name="door")]


@pytest.mark.urls(__name__)
def test_the_converter_takes_tokens_and_nothing_else() -> None:
    token = make("bcd", Purpose.CONFIRM, 1, AT)
    assert resolve(reverse("door", args=[token])).kwargs == {"token": token}
    for other in ("letters", token + "x", token.replace(".", ""), token + "\n"):
        with pytest.raises(Exception, match=r"(?s)tried|not a valid"):
            resolve(f"/{other}/")


# In logs


@relaxed
@given(
    ids,
    st.sampled_from(Purpose),
    st.integers(0, 99),
    instants,
    st.sampled_from(["{}", "/{}/", "x={}", '"{}"', "a {} b"]),
)
def test_no_token_survives_in_a_log(public_id: str, purpose: Purpose, epoch: int, at: datetime, around: str) -> None:
    token = make(public_id, purpose, epoch, at)
    redacted = redact(around.format(token))
    assert token.rpartition(".")[2] not in redacted
    assert redacted == around.format("…")


@pytest.mark.parametrize(
    ("path", "redacted"),
    [
        ("Not Found: /en/endorsements/abc.1.2.cut-short/", "Not Found: /en/endorsements/…/"),
        ("/ar/invitations/whatever%20it?x=1", "/ar/invitations/…?x=1"),
        ("/en/endorsements/one/ and /en/endorsements/two/", "/en/endorsements/…/ and /en/endorsements/…/"),
        ("/en/endorsements/", "/en/endorsements/"),
        ("/en/letters/2026-07-a-letter/sign/", "/en/letters/2026-07-a-letter/sign/"),
        ("/admin/letters/endorsement/12/change/", "/admin/letters/endorsement/12/change/"),
    ],
)
def test_tokens_in_paths_become_dots(path: str, redacted: str) -> None:
    assert redact(path) == redacted
