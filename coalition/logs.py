"""The doorkeeper of the logs: nothing leaves that names a person or opens a door."""

from __future__ import annotations

import logging
import re
from typing import Any

from coalition.links import redact

#: What every record has; anything else was put there by `extra`.
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}
#: A run of characters in which an address would stand, in one piece.
WORD = re.compile(r"[^\s<>()\[\],;:\"/?&=]+")
#: C0 and C1 but for tab and line feed, which a traceback needs; line and paragraph separators; bidi controls.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Discreet(logging.Filter):
    """Puts `…` for tokens and e-mail addresses in all that a record says, and writes out control characters.

    Of a request only the method is kept, and its path where something broke (ERROR and above). Lets every record
    through and never raises: what can't be made safe is not said.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            _clean_record(record)
        except Exception:
            record.msg = "A record could not be made fit for the log."
            record.args = record.exc_info = record.exc_text = record.stack_info = None
            for name in _extras(record):
                setattr(record, name, None)
        return True


def _clean_record(record: logging.LogRecord) -> None:
    if "request" in _extras(record):
        _forget_request(record)
    record.msg, record.args = _one_line(_clean(record.getMessage())), None
    if record.exc_info:
        # Formatters would write the traceback anew from exc_info.
        record.exc_text = record.exc_text or logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
    record.exc_text = _clean(record.exc_text) if record.exc_text else None
    record.stack_info = _clean(record.stack_info) if record.stack_info else None
    for name in _extras(record):
        setattr(record, name, _clean_value(getattr(record, name)))


def _forget_request(record: logging.LogRecord) -> None:
    vars(record)["request"] = getattr(vars(record)["request"], "method", None)
    if record.levelno < logging.ERROR and isinstance(record.args, tuple):
        record.args = tuple("…" if str(value).startswith("/") else value for value in record.args)


def _extras(record: logging.LogRecord) -> set[str]:
    return vars(record).keys() - STANDARD


def _clean_value(value: Any) -> Any:
    """Of what came by `extra`: figures as they are, lists and tables with clean contents, all else as clean text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_one_line(_clean(str(key))): _clean_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean_value(item) for item in value]
    return _one_line(_clean(str(value)))


def _clean(text: str) -> str:
    text = WORD.sub(lambda word: "…" if _is_address(word[0]) else word[0], redact(text))
    return CONTROL.sub(lambda control: ascii(control[0])[1:-1], text)


def _is_address(word: str) -> bool:
    return "@" in word or "%40" in word


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\t", "\\t")
