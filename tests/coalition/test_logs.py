"""The doorkeeper of the logs: no token, no address, no forged line gets past it."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st
from pythonjsonlogger.json import JsonFormatter

from coalition.links import Purpose, make
from coalition.logs import Discreet

TOKEN = make("bcd2345", Purpose.MANAGE, 1, datetime(2026, 7, 1, tzinfo=UTC))
SIGNATURE = TOKEN.rpartition(".")[2]
relaxed = example_settings(deadline=None)


def written(log: Callable[[logging.Logger], object]) -> dict[str, object]:
    """The JSON line that comes out at the end, as in production."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("%(levelname)s %(name)s %(message)s"))
    handler.addFilter(Discreet())
    logger = logging.Logger("tried")
    logger.addHandler(handler)
    log(logger)
    [line] = stream.getvalue().splitlines()
    entry: dict[str, object] = json.loads(line)
    return entry


def test_the_path_of_a_refused_request_is_not_logged() -> None:
    def log(logger: logging.Logger) -> None:
        request = RequestFactory().get("/en/letters/under-embargo/?q=bruno")
        logger.warning("Forbidden (%s): %s", "no cookie", request.path, extra={"request": request, "status_code": 403})

    entry = written(log)
    assert entry["message"] == "Forbidden (no cookie): …"
    assert entry["request"] == "GET"
    assert "embargo" not in json.dumps(entry)
    assert "bruno" not in json.dumps(entry)


def test_the_path_at_which_something_broke_is_logged_without_its_token() -> None:
    request = RequestFactory().get(f"/en/endorsements/{TOKEN}/?q=bruno")
    extra = {"request": request, "status_code": 500}
    entry = written(lambda log: log.error("Internal Server Error: %s", request.path, extra=extra))
    assert entry["message"] == "Internal Server Error: /en/endorsements/…/"
    assert SIGNATURE not in json.dumps(entry)
    assert "bruno" not in json.dumps(entry)
    assert entry["status_code"] == 500


@pytest.mark.parametrize(
    "address",
    ["bruno@example.org", "b.runo+x@mail.example.org", "o'brien@example.org", "бруно@пример.рф", "b%40example.org"],
)
def test_addresses_go_wherever_they_stand(address: str) -> None:
    def log(logger: logging.Logger) -> None:
        extra = {"job": {"to": address, "list": [address]}}
        logger.error("To <%s>, (%r)", address, address, extra=extra)

    entry = json.dumps(written(log), ensure_ascii=False)
    assert address not in entry
    assert "example" not in entry
    assert "пример" not in entry


def test_a_traceback_is_kept_but_for_what_it_betrays() -> None:
    def log(logger: logging.Logger) -> None:
        try:
            raise ValueError(f"Key (email)=(bruno@example.org) at /en/endorsements/{TOKEN}/")
        except ValueError:
            logger.exception("It broke")

    entry = str(written(log)["exc_info"])
    assert "ValueError: Key (email)=(…) at /en/endorsements/…/" in entry
    assert "test_logs.py" in entry
    assert SIGNATURE not in entry
    assert "bruno" not in entry


def test_a_line_cannot_be_forged() -> None:
    message = written(lambda log: log.error("one\r\nERROR two\x1b[31m\u2028\u202e\x85\x00"))["message"]
    assert message == r"one\r\nERROR two\x1b[31m\u2028\u202e\x85\x00"


def test_a_record_that_cannot_be_read_says_so_and_no_more() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("bruno@example.org")

    for log in (
        lambda log: log.error("%s", Broken()),
        lambda log: log.error("%d bruno@example.org", "bruno@example.org"),
        lambda log: log.error("fine", extra={"thing": Broken(), "to": "bruno@example.org"}),
        lambda log: log.error("%d", "x", extra={"to": "bruno@example.org"}),
    ):
        assert "bruno" not in json.dumps(written(log))


@pytest.mark.slow
@relaxed
@given(st.text(), st.lists(st.text()))
def test_it_never_raises_and_lets_every_record_through(message: str, arguments: list[str]) -> None:
    record = logging.LogRecord("tried", logging.ERROR, "", 0, message, tuple(arguments), None)
    assert Discreet().filter(record)
    assert record.getMessage().isprintable() or not record.getMessage().isascii()


@pytest.mark.slow
@relaxed
@given(st.emails(), st.text("abc <>,;:'\"()[]\n", max_size=3), st.text("abc <>,;:'\"()[]\n", max_size=3))
def test_no_valid_address_survives(address: str, before: str, after: str) -> None:
    record = logging.LogRecord("tried", logging.ERROR, "", 0, f"{before}{address}{after}", None, None)
    Discreet().filter(record)
    assert address not in record.getMessage()
    assert address.rpartition("@")[2] not in record.getMessage()


def test_words_that_are_no_addresses_stay() -> None:
    text = "Listening at: http://127.0.0.1:8000 (3 workers), 50% done, /en/letters/a-letter/?page=2"
    assert written(lambda log: log.error(text))["message"] == text


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["a", "a.", "a.1.", "/endorsements/", "a@", "%", "@"])
def test_no_text_takes_long(piece: str) -> None:
    start = time.perf_counter()
    Discreet().filter(logging.LogRecord("tried", logging.ERROR, "", 0, piece * 100_000, None, None))
    assert time.perf_counter() - start < 3, "a pattern explodes"
