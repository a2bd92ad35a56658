"""Public pages, kept by the revision they were made from: one key for the ETag and the cache."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import get_language

#: A shared cache may keep a public page for two seconds, so that what is hidden is gone everywhere within five.
PUBLIC = "public, max-age=0, s-maxage=2, stale-while-revalidate=2"


def keyed(
    request: HttpRequest,
    *parts: object,
    render: Callable[[], str],
    keep: bool = True,
    content_type: str = "text/html; charset=utf-8",
) -> HttpResponse:
    """The page that `render` makes, made once for `parts`: whatever it depends on besides the site build and the
    interface language. Answers 304 to whoever has it already.

    `render` must not depend on who is asking. Without `keep` the page is made each time, and 304 saves its way only.
    """
    key = hashlib.sha256(repr((site_build(), get_language(), *parts)).encode()).hexdigest()[:32]
    etag = f'W/"{key}"'
    response: HttpResponse
    if _matches(request.headers.get("If-None-Match", ""), etag):
        response = HttpResponseNotModified()
    else:
        packed = caches["default"].get(key)
        if packed is None:
            packed = gzip.compress(render().encode(), compresslevel=6, mtime=0)
            if keep:
                caches["default"].set(key, packed)
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            response = HttpResponse(packed, content_type, headers={"Content-Encoding": "gzip"})
        else:
            response = HttpResponse(gzip.decompress(packed), content_type)
    response["ETag"] = etag
    response["Cache-Control"] = PUBLIC
    patch_vary_headers(response, ["Accept-Encoding"])
    return response


def _matches(header: str, etag: str) -> bool:
    known = parse_etags(header)
    return "*" in known or etag in known or etag.removeprefix("W/") in known


@cache
def site_build() -> str:
    """Changes with every template and style sheet: a page made before is not taken for one of now."""
    digest = hashlib.sha256()
    base = Path(settings.BASE_DIR)
    for folder in ("templates", "coalition/static", "coalition/locale"):
        for path in sorted((base / folder).rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
    for path in sorted(base.glob("*/*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
