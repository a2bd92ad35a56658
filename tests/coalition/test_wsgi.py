"""The front door: what Django lets out ends here, in a complete page."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from coalition import wsgi
from coalition.links import TOKEN
from tests.coalition.as_browsers_read import assert_complete, directives

pytestmark = pytest.mark.urls(__name__)

FORM = "application/x-www-form-urlencoded"
COOKIE = {"HTTP_COOKIE": f"{settings.CSRF_COOKIE_NAME}={'a' * 32}"}
UNBUILDABLE = [
    {"CONTENT_TYPE": f"{FORM}; charset*=zqx''x"},
    {"CONTENT_TYPE": "multipart/form-data; boundary*=zqx''x"},
    {"CONTENT_TYPE": "text/html; charset=rot13", "REQUEST_METHOD": "GET", "QUERY_STRING": "a=1"},
    {"SCRIPT_NAME": "/\xff"},
]
UNDRAWABLE = [{"CONTENT_TYPE": f"{FORM}; charset={name}", **COOKIE} for name in ("utf-16", "utf-8-sig", "utf-7", "hex")]


def page(request: HttpRequest, rest: str = "") -> HttpResponse:
    return HttpResponse(request.POST.get("a", "read"))


urlpatterns = [path("", page), path("<path:rest>", page)]


@pytest.fixture(autouse=True)
def _leave_the_database_alone() -> Iterator[None]:
    """As Django's test client does: these requests need no database."""
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)


class Answer:
    """What a server gets from an application for one request; asserts that the body is as long as it says."""

    def __init__(self, application: Any, **environ: Any) -> None:
        body = b"a=1"
        environ = {
            "REQUEST_METHOD": "POST",
            "HTTP_HOST": "testserver",
            "CONTENT_TYPE": FORM,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        } | environ
        setup_testing_defaults(environ)
        result = application(environ, self.start_response)
        self.body = b"".join(result)
        if environ["REQUEST_METHOD"] != "HEAD":
            assert int(self.headers["Content-Length"]) == len(self.body)

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        assert len(self.headers) == len(headers), "a header stands twice"


@pytest.mark.parametrize("environ", UNBUILDABLE + UNDRAWABLE)
def test_what_nobody_can_read_is_a_bad_request(environ: dict[str, str]) -> None:
    answer = Answer(wsgi.application, **environ)
    assert answer.status == 400
    assert_complete(answer.headers)
    assert "no-store" in directives(answer.headers["Cache-Control"], ",")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.body.startswith(b"<!doctype html>")


@pytest.mark.parametrize("environ", [UNBUILDABLE[0], UNDRAWABLE[0]])
def test_stock_django_lets_it_out(environ: dict[str, str]) -> None:
    """Where this fails, Django has learnt to answer, and the last handler can go."""
    with pytest.raises((ValueError, LookupError, BadRequest)):
        Answer(WSGIHandler(), **environ)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "X" * 4000, ""])
def test_methods_that_we_do_not_know_are_refused(method: str) -> None:
    answer = Answer(wsgi.application, REQUEST_METHOD=method)
    assert answer.status == 405
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert_complete(answer.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_nul_in_the_path_is_a_bad_request(method: str) -> None:
    answer = Answer(wsgi.application, REQUEST_METHOD=method, PATH_INFO="/letters/\0/")
    assert answer.status == 400
    assert bool(answer.body) == (method == "GET")
    assert_complete(answer.headers)


def test_an_error_outside_every_handler_is_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(environ: object, start_response: object) -> None:
        raise RuntimeError("/en/letters/secret/")

    monkeypatch.setattr(wsgi, "inner", broken)
    answer = Answer(wsgi.application)
    assert answer.status == 500
    assert_complete(answer.headers)
    assert b"secret" not in answer.body


def test_headers_that_were_begun_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[str, Any]] = []

    def begins_and_breaks(environ: object, start_response: Any) -> None:
        start_response("200 OK", [], None)
        raise RuntimeError

    def start_response(status: str, headers: object, exc_info: Any = None) -> Any:
        begun.append((status, exc_info))

    monkeypatch.setattr(wsgi, "inner", begins_and_breaks)
    list(wsgi.application({"REQUEST_METHOD": "GET"}, start_response))
    assert [status for status, _ in begun] == ["200 OK", "500 Internal Server Error"]
    assert begun[1][1][0] is RuntimeError, "without exc_info a server would refuse to begin again"


def test_strict_transport_security_goes_over_https(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    secure = Answer(wsgi.application, REQUEST_METHOD="TRACE", **{"wsgi.url_scheme": "https"})
    assert int(directives(secure.headers["Strict-Transport-Security"], ";")["max-age"]) == 31_536_000
    assert "Strict-Transport-Security" not in Answer(wsgi.application, REQUEST_METHOD="TRACE").headers


def test_the_log_does_not_tell_the_path(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "coalition"):
        for environ in UNBUILDABLE[:1] + UNDRAWABLE[:1]:
            Answer(wsgi.application, PATH_INFO="/en/endorsements/abc/", **environ)
    own = [record for record in caplog.records if record.name == "coalition.wsgi"]
    assert len(own) == 2
    assert not any("endorsements" in record.getMessage() or record.exc_info for record in own)
    assert not TOKEN.search(caplog.text)


def test_what_is_well_formed_goes_through() -> None:
    answer = Answer(wsgi.application, REQUEST_METHOD="GET", PATH_INFO="/letters/")
    assert (answer.status, answer.body) == (200, b"read")
    assert Answer(wsgi.application, REQUEST_METHOD="GET", PATH_INFO="/\xff").status == 200
