"""The list at the gate: every address is on it, and what it says holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver, path

from coalition.access import OTHERS, Access, Who, access, declared
from coalition.models import User


def walk(patterns: list[Any], namespace: str = "", route: str = "/") -> Iterator[tuple[str, str, URLPattern]]:
    """Full name (`namespace:name`), route and pattern of every address."""
    for pattern in patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inside = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from walk(pattern.url_patterns, inside, here)
        else:
            yield f"{namespace}{pattern.name or ''}", here, pattern


def undeclared(patterns: list[Any]) -> list[str]:
    return [route for name, route, pattern in walk(patterns) if declared(name, pattern.callback) is None]


def ask(view: Callable[..., Any], method: str = "GET", user: object = None, **kwargs: object) -> Any:
    request = RequestFactory().generic(method, "/somewhere/?q=1")
    request.user = user or AnonymousUser()  # type: ignore[assignment]
    return view(request, **kwargs)


# Every address


def test_every_address_says_who_may_read_it_and_who_may_send_to_it() -> None:
    assert undeclared(get_resolver().url_patterns) == [], "Put @access(get=…, post=…) above these views."


def test_the_walk_finds_what_is_not_declared() -> None:
    open_page, bare = access(get=Who.ANYONE)(lambda request: HttpResponse()), lambda request: HttpResponse()
    inner = URLResolver(path("", bare).pattern, [path("b/", bare, name="b"), path("c/", open_page)])
    assert undeclared([path("a/", open_page), path("x/", bare), inner]) == ["/x/", "/b/"]


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "PUT", "DELETE"])
def test_what_is_open_to_nobody_is_refused_at_every_address(method: str) -> None:
    for _, route, pattern in walk(get_resolver().url_patterns):
        own: Access | None = getattr(pattern.callback, "access", None)
        if own and {"GET": own.get, "POST": own.post}.get(method, Who.NOBODY) is Who.NOBODY:
            assert ask(pattern.callback, method).status_code == 405, route


def test_strangers_are_sent_to_the_sign_in_from_every_page_of_the_desk() -> None:
    for name, route, pattern in walk(get_resolver().url_patterns):
        if name.startswith("admin:") and declared(name, pattern.callback) == Access(get=Who.STAFF, post=Who.STAFF):
            answer = ask(pattern.callback, **dict.fromkeys(pattern.pattern.converters, "1"))
            assert answer.status_code == 302, route
            assert "/login/" in answer["Location"], route


def test_no_name_on_the_list_is_idle() -> None:
    names = [name for name, _, _ in walk(get_resolver().url_patterns)]
    assert [prefix for prefix in OTHERS if not any(name.startswith(prefix) for name in names)] == []


# The decorator


@access(get=Who.ANYONE, post=Who.NOBODY)
def page(request: HttpRequest) -> HttpResponse:
    return HttpResponse("page")


@access(get=Who.LINK, post=Who.LINK)
def behind_a_link(request: HttpRequest) -> HttpResponse:
    return HttpResponse("private")


@access(get=Who.NOBODY, post=Who.STAFF)
def button(request: HttpRequest) -> HttpResponse:
    return HttpResponse("pressed")


@access(get=Who.STAFF)
def desk(request: HttpRequest) -> HttpResponse:
    return HttpResponse("desk")


def test_a_view_carries_its_declaration() -> None:
    assert declared("", page) == Access(get=Who.ANYONE, post=Who.NOBODY)
    assert declared("admin:index", page) == Access(get=Who.ANYONE, post=Who.NOBODY), "its own word comes first"
    assert page.__name__ == "page"


def test_the_longest_name_on_the_list_counts() -> None:
    other = HttpResponse
    assert declared("admin:index", other) == Access(get=Who.STAFF, post=Who.STAFF)
    assert declared("admin:login", other) == Access(get=Who.ANYONE, post=Who.ANYONE)
    assert declared("administrator", other) is None
    assert declared("", other) is None


@pytest.mark.parametrize(
    ("view", "method", "status"),
    [
        *[(page, "GET", 200), (page, "HEAD", 200), (page, "POST", 405), (page, "OPTIONS", 405), (page, "PUT", 405)],
        *[(button, "GET", 405), (button, "HEAD", 405), (behind_a_link, "GET", 200), (behind_a_link, "POST", 200)],
    ],
)
def test_only_declared_methods_pass(view: Callable[..., Any], method: str, status: int) -> None:
    assert ask(view, method).status_code == status


def test_a_refusal_says_what_is_allowed() -> None:
    assert ask(page, "POST")["Allow"] == "GET, HEAD"
    assert ask(button)["Allow"] == "POST"


def test_strangers_are_sent_to_the_sign_in_and_back() -> None:
    for view, method in ((desk, "GET"), (button, "POST")):
        answer = ask(view, method)
        assert answer.status_code == 302
        assert answer["Location"] == "/admin/login/?next=/somewhere/%3Fq%3D1"


def test_to_an_account_that_may_not_enter_the_desk_does_not_exist() -> None:
    for user in (User(is_staff=False), User(is_staff=True, is_active=False)):
        with pytest.raises(Http404):
            ask(desk, user=user)


def test_staff_enter_the_desk() -> None:
    assert ask(desk, user=User(is_staff=True)).content == b"desk"


def test_a_private_link_is_told_to_no_other_site() -> None:
    assert ask(behind_a_link)["Referrer-Policy"] == "strict-origin"
    assert "Referrer-Policy" not in ask(page)
