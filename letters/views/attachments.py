"""Files that go with a response or an update, handed out so that they can't become anything but a download."""

from __future__ import annotations

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from coalition.access import Who, access
from coalition.pages import PUBLIC
from letters.attachments import TYPES
from letters.models import Attachment, Letter


@access(get=Who.ANYONE)
def attachment(request: HttpRequest, slug: str, public_id: str) -> HttpResponseBase:
    """A file of a letter that the public sees, unless the response that it goes with is confidential."""
    letter = get_object_or_404(Letter.objects.visible_to(None, timezone.now()), slug=slug)
    shown = letter.attachments.filter(Q(update__isnull=False) | Q(response__is_published=True))
    found: Attachment = get_object_or_404(shown, public_id=public_id)
    try:
        with found.file.open("rb") as stored:
            content = stored.read()
    except FileNotFoundError:
        raise Http404 from None
    etag = f'"{found.sha256}"'
    name = f"{letter.slug}-{found.public_id}.{found.format}"
    headers = {
        "Cache-Control": PUBLIC,
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": etag,
        "X-Content-Type-Options": "nosniff",
    }
    response = HttpResponse(content, content_type=TYPES[found.format], headers=headers)
    return get_conditional_response(request, etag=etag, response=response) or response
