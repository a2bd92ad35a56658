"""The public record of a letter as a file, and the page that says how to check it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone, translation

from coalition import context, pages
from coalition.access import Who, access
from coalition.models import SiteSettings
from letters import record
from letters.models import Letter


@access(get=Who.ANYONE)
def record_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The chain of a letter and the openings of the names listed now; the same in every language."""
    at = timezone.now()
    found = get_object_or_404(Letter.objects.visible_to(None, at), slug=slug)
    key = ("record", found.pk, found.revision, found.phase(at), record.last_number(found))
    with translation.override(None):
        return pages.keyed(
            request, *key, render=lambda: record.to_file(found).decode(), content_type="application/json"
        )


@access(get=Who.ANYONE)
def record_help(request: HttpRequest) -> HttpResponse:
    """What a record proves, and how anybody can check one."""
    site = SiteSettings.load()
    about = {"section": "about", "site": site}
    return pages.keyed(
        request, "record-help", site.revision,
        render=lambda: render_to_string("letters/record.html", context.site() | about),
    )  # fmt: skip
