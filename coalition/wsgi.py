"""The front door: Django's WSGI application, and a last handler round it for what Django lets out."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import django
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from coalition.middleware import default_headers

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

logger = logging.getLogger(__name__)

METHODS = ("GET", "HEAD", "POST", "OPTIONS")

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<h1>{title}</h1><p>{text}</p></html>
"""
TEXTS = {
    HTTPStatus.BAD_REQUEST: "We could not read this request.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Pages here can be read, and forms sent; nothing else.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on our side. Please try again later.",
}


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answers with a complete page of its own where Django would let an exception out; logs no path.

    Django draws the error page of a bad request with a decorator that reads the form again, so a form in a wrong
    charset raises twice and gets out (5.2.19, measured). A NUL in the path and methods we don't know end here as well.
    """
    if environ["REQUEST_METHOD"] not in METHODS:
        return _answer(HTTPStatus.METHOD_NOT_ALLOWED, environ, start_response, Allow=", ".join(METHODS))
    if "\0" in environ.get("PATH_INFO", ""):
        return _answer(HTTPStatus.BAD_REQUEST, environ, start_response)
    try:
        return inner(environ, start_response)
    except (BadRequest, UnicodeError) as error:
        logger.warning("Bad request, refused by the last handler: %s", type(error).__name__)
        return _answer(HTTPStatus.BAD_REQUEST, environ, start_response)
    except Exception:
        logger.exception("Error caught by the last handler")
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, environ, start_response)


def _answer(
    status: HTTPStatus, environ: WSGIEnvironment, start_response: StartResponse, **headers: str
) -> Iterable[bytes]:
    body = PAGE.format(title=status.phrase, text=TEXTS[status]).encode()
    headers |= default_headers(secure=environ.get("wsgi.url_scheme") == "https")
    headers |= {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    # With exc_info a server replaces headers that were begun, and raises if they were sent.
    exc_info: Any = sys.exc_info() if sys.exc_info()[0] else None
    start_response(f"{status.value} {status.phrase}", list(headers.items()), exc_info)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


class Request(WSGIRequest):
    def __init__(self, environ: WSGIEnvironment) -> None:
        # An unknown charset in Content-Type raises here, before any handler of Django's (5.2.19, measured).
        try:
            super().__init__(environ)
        except (LookupError, ValueError) as error:
            raise BadRequest("The request could not be read.") from error


class Handler(WSGIHandler):
    request_class = Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coalition.settings")
django.setup(set_prefix=False)
inner = Handler()
