"""The documents of a letter: made by the worker, handed out while they show nothing that has been hidden since."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.http import parse_etags
from django.utils.translation import override

from coalition import pages
from coalition.access import Who, access
from letters.documents.content import words_language
from letters.models import Document, Letter

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "txt": "text/plain; charset=utf-8",
}
#: Seconds after which it is worth asking again for a document that is being made.
SOON = 10


@access(get=Who.ANYONE)
def document(request: HttpRequest, slug: str, file_format: str) -> HttpResponse:
    """Today's edition in one language (`lang`), or in the authoritative one."""
    letter = get_object_or_404(Letter.objects.visible_to(None, timezone.now()), slug=slug)
    language = request.GET.get("lang") or letter.authoritative_language
    if language not in letter.texts:
        raise Http404
    found = letter.documents.filter(language=language, format=file_format, revision__gte=letter.hidden_revision).first()
    if found is None:
        return _being_made(request, letter, language)
    etag = f'"{found.pk}-{found.revision}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response = HttpResponseNotModified() if {etag, "*"}.intersection(known) else _file(letter, found)
    if response is None:
        return _being_made(request, letter, language)
    response["ETag"] = etag
    response["Content-Language"] = language
    response["Cache-Control"] = pages.PUBLIC
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _file(letter: Letter, found: Document) -> HttpResponse | None:
    """None if it was replaced in this very moment."""
    try:
        with found.file.open("rb") as stored:
            response = HttpResponse(stored.read(), TYPES[found.format])
    except FileNotFoundError:
        return None
    name = f"{_ascii(letter.reference)}-{found.language}.{found.format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _being_made(request: HttpRequest, letter: Letter, language: str) -> HttpResponse:
    with override(words_language(language)):
        response = render(request, "letters/documents/being_made.html", {"letter": letter}, status=503)
    response["Retry-After"] = str(SOON)
    response["Cache-Control"] = "no-store"
    # Nothing broke: Django is not to log it as an error.
    vars(response)["_has_been_logged"] = True
    return response


def _ascii(reference: str) -> str:
    return re.sub("[^A-Za-z0-9.-]+", "-", reference).strip("-.") or "letter"
