"""Pages of the house itself: errors, and what operators ask."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from coalition.access import Who, access


@access(get=Who.ANYONE)
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers; the database is not asked."""
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@access(get=Who.ANYONE)
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can do its work: the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("no database", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse("ok", content_type="text/plain; charset=utf-8")


@access(get=Who.ANYONE)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /*/endorsements/", "Disallow: /*/invitations/", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form came without a valid token, most often because its page had been open too long.

    A view marked `keeps_entry` shows the form again, with all that was typed.
    """
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return forbidden(request)
    if getattr(match.func, "keeps_entry", False):
        request.has_lapsed = True  # type: ignore[attr-defined]
        again: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return again
    return render(request, "errors/lapsed.html", status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Absent or hidden: the same page, byte for byte, whatever the address was."""
    return render(request, "errors/404.html", status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Without the database, which may be what broke."""
    return render(request, "errors/500.html", status=500, using=None)
