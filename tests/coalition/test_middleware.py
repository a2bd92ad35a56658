"""The porch: every answer tells browsers everything, and nobody writes their own address."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
import time_machine
from django.conf import settings as configured
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from coalition.access import Who, access
from coalition.middleware import FEATURES, ClientAddress, Visit, client_address
from tests.coalition.as_browsers_read import assert_complete, directives, permissions_policy

relaxed = example_settings(deadline=None)


@access(get=Who.ANYONE)
def page(request: HttpRequest, kind: str) -> HttpResponse:
    match kind:
        case "absent":
            raise Http404
        case "forbidden":
            raise PermissionDenied
        case "suspicious":
            raise SuspiciousOperation
        case "broken":
            raise RuntimeError
        case "public":
            return HttpResponse("ok", headers={"Cache-Control": "public, max-age=0, s-maxage=2"})
        case "data":
            return HttpResponse("[]", headers={"Cross-Origin-Resource-Policy": "cross-origin"})
        case "busy":
            return HttpResponse("later", status=429)
    return HttpResponse("ok")


urlpatterns = [path("<str:kind>", page)]
pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def visitor(client: Client) -> Client:
    client.raise_request_exception = False
    return client


# Headers


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        *[("private", 200), ("public", 200), ("absent", 404), ("forbidden", 403), ("suspicious", 400), ("broken", 500)],
        *[("busy", 429), ("no/such/address", 404)],
    ],
)
def test_every_answer_tells_a_browser_everything(visitor: Client, kind: str, status: int) -> None:
    response = visitor.get(f"/{kind}")
    assert response.status_code == status
    assert_complete(response.headers)


def test_a_refused_method_is_told_everything_too(visitor: Client) -> None:
    response = visitor.post("/private")
    assert response.status_code == 405
    assert_complete(response.headers)


@pytest.mark.parametrize("redirects", [True, False])
def test_a_foreign_host_is_told_everything_too(visitor: Client, settings: Any, redirects: bool) -> None:
    settings.SECURE_SSL_REDIRECT = redirects
    response = visitor.get("/private", headers={"Host": "evil.example.org"})
    assert response.status_code == 400
    assert_complete(response.headers)


@pytest.mark.parametrize("kind", ["private", "absent", "forbidden", "suspicious", "broken", "busy"])
def test_what_nobody_called_public_no_cache_keeps(visitor: Client, kind: str) -> None:
    assert "no-store" in directives(visitor.get(f"/{kind}").headers["Cache-Control"], ",")


def test_what_a_view_has_said_stays(visitor: Client) -> None:
    cache = directives(visitor.get("/public").headers["Cache-Control"], ",")
    assert cache == {"public": "", "max-age": "0", "s-maxage": "2"}
    assert visitor.get("/data").headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_no_feature_is_named_twice_or_granted(visitor: Client) -> None:
    policy = permissions_policy(visitor.get("/private").headers["Permissions-Policy"])
    assert len(policy) == len(FEATURES.split())


def test_https_is_remembered_for_a_year_and_http_says_nothing_of_it(visitor: Client, settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    for host in ("testserver", "evil.example.org"):
        told = visitor.get("/private", secure=True, headers={"Host": host}).headers["Strict-Transport-Security"]
        assert int(directives(told, ";")["max-age"]) >= 31_536_000
        assert "includesubdomains" in directives(told, ";")
    assert "Strict-Transport-Security" not in visitor.get("/private").headers


def test_reading_sets_no_cookie(visitor: Client) -> None:
    for kind in ("private", "public", "absent", "broken"):
        assert not visitor.get(f"/{kind}").cookies


# The client's address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "", "192.0.2.1"),
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "10.0.0.1,203.0.113.9 ,  198.51.100.7", "203.0.113.9"),
        (2, "198.51.100.7", "192.0.2.1"),  # fewer hops than we have proxies: it did not come through them
        (1, "", "192.0.2.1"),
        (1, "unknown", "192.0.2.1"),
        (1, "198.51.100.7,", "192.0.2.1"),
        (1, "2001:db8:1:2::3", "2001:db8:1:2::3"),
        (1, "::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_the_address_is_what_the_outermost_trusted_proxy_saw(
    settings: Any, proxies: int, forwarded: str, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    assert str(client_address({"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": forwarded})) == expected


@relaxed
@given(st.text())
def test_nothing_a_client_writes_changes_its_address(claim: str) -> None:
    before, configured.TRUSTED_PROXY_COUNT = configured.TRUSTED_PROXY_COUNT, 1
    try:
        meta = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": f"{claim}, 198.51.100.7"}
        assert str(client_address(meta)) == "198.51.100.7"
    finally:
        configured.TRUSTED_PROXY_COUNT = before


def test_behind_a_socket_there_is_no_address() -> None:
    assert client_address({"REMOTE_ADDR": ""}) is None
    assert visited(REMOTE_ADDR="").client_network


def visited(**meta: str) -> Visit:
    """The request that views see."""
    seen = []
    request = RequestFactory().get("/", **cast(Any, meta))
    ClientAddress(lambda request: seen.append(request) or HttpResponse())(request)  # type: ignore[func-returns-value]
    return cast(Visit, seen[0])


def network(address: str) -> str:
    return visited(REMOTE_ADDR=address).client_network


def test_neighbours_share_a_network_and_others_do_not() -> None:
    assert network("198.51.100.7") == network("198.51.100.250") == network("::ffff:198.51.100.9")
    assert network("198.51.100.7") != network("198.51.101.7")
    assert network("2001:db8:1:2::3") == network("2001:db8:1:ffff::")
    assert network("2001:db8:1::") != network("2001:db8:2::")
    assert network("198.51.100.7") != network("")


def test_a_network_has_another_name_tomorrow() -> None:
    names = set()
    for day in (1, 2):
        with time_machine.travel(datetime(2026, 7, day, 12, tzinfo=UTC), tick=False):
            names.add(network("198.51.100.7"))
    assert len(names) == 2
    assert all(len(name) == 64 for name in names)


@pytest.mark.parametrize(
    "header",
    [
        *["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Server", "X-Forwarded", "Forwarded"],
        *["X-Real-IP", "Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "True-Client-IP", "CF-Connecting-IP"],
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_headers_that_anybody_can_write_are_gone(settings: Any, header: str, proxies: int) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = visited(**{"HTTP_" + header.upper().replace("-", "_"): "203.0.113.9"})
    assert header not in request.headers


def test_the_scheme_is_believed_from_a_trusted_proxy_only(settings: Any) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    assert "X-Forwarded-Proto" not in visited(HTTP_X_FORWARDED_PROTO="https").headers
    settings.TRUSTED_PROXY_COUNT = 1
    assert "X-Forwarded-Proto" in visited(HTTP_X_FORWARDED_PROTO="https").headers
