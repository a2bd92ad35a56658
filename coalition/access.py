"""The list at the gate: every address says who may read it and who may send to it; what is not listed is closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import resolve_url

View = Callable[..., HttpResponseBase]


class Who(Enum):
    NOBODY = auto()
    ANYONE = auto()
    #: Whoever holds a signed link; the view reads it.
    LINK = auto()
    #: Accounts that may enter the desk; what they may do there, verbs and querysets say.
    STAFF = auto()


@dataclass(frozen=True)
class Access:
    get: Who
    post: Who


#: Views that are not ours, by the beginning of their full name; the longest that fits counts.
OTHERS: dict[str, Access] = {
    "admin:": Access(get=Who.STAFF, post=Who.STAFF),
    "admin:login": Access(get=Who.ANYONE, post=Who.ANYONE),
}


def access(*, get: Who, post: Who = Who.NOBODY) -> Callable[[View], View]:
    """Declares who may GET (and HEAD) and POST a view, and holds it.

    A method open to nobody, and any other, is answered 405. For STAFF, strangers are sent to the sign-in and accounts
    that may not enter the desk see 404. Pages behind a link tell no other site where the visitor came from.
    """
    declared_access = Access(get, post)
    allowed = [*(["GET", "HEAD"] if get is not Who.NOBODY else []), *(["POST"] if post is not Who.NOBODY else [])]

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in allowed:
                return HttpResponseNotAllowed(allowed)
            who = post if request.method == "POST" else get
            if who is Who.STAFF:
                if not request.user.is_authenticated:
                    return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
                if not (request.user.is_active and request.user.is_staff):
                    raise Http404
            response = view(request, *args, **kwargs)
            if who is Who.LINK:
                # Not no-referrer: with it browsers send `Origin: null` with a form, which the CSRF check refuses.
                response.headers.setdefault("Referrer-Policy", "strict-origin")
            return response

        vars(guarded)["access"] = declared_access
        return guarded

    return decorate


def declared(name: str, view: Any) -> Access | None:
    """What is declared for a view: by itself, or in OTHERS for its full URL name (`namespace:name`); else None."""
    own: Access | None = getattr(view, "access", None)
    if own is not None:
        return own
    prefixes = [prefix for prefix in OTHERS if name.startswith(prefix)]
    return OTHERS[max(prefixes, key=len)] if prefixes else None
