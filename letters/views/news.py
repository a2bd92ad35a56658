"""Where the mails about what comes of a letter are stopped, by the link that each of them carries."""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from coalition import links
from coalition.access import Who, access
from coalition.workflow import NotAllowed
from letters import endorsing
from letters.models import Endorsement
from letters.views.reading import text_to_read


@csrf_exempt
@access(get=Who.LINK, post=Who.LINK)
def news(request: HttpRequest, token: str) -> HttpResponse:
    """A GET shows, as mail scanners follow links; a POST stops the mails, and answers without a redirect.

    Exempt from the CSRF check, because mail programs send the POST of RFC 8058 without a cookie or a form of ours.
    Nobody can forge it: it takes the token, which is good for nothing else.
    """
    at = timezone.now()
    found = _endorsement(token)
    if found is None:
        return render(request, "letters/link_unknown.html", status=404)
    if request.method == "POST" and found.consents_to_contact:
        with suppress(NotAllowed):  # the signature has ended, and the mails with it
            endorsing.unsubscribe(found, at=at)
    told_status = found.told_status(at)
    context = {
        "section": "letters",
        "text": text_to_read(found.letter, found.language) if found.letter.is_public(at) else None,
        "gets_news": found.consents_to_contact,
        "has_ended": told_status not in Endorsement.LIVE,
        "stands": told_status == Endorsement.Status.APPROVED and not found.is_due,
    }
    return render(request, "letters/news.html", context)


def _endorsement(token: str) -> Endorsement | None:
    try:
        link = links.read(token)
    except links.BadLink:
        return None
    if link.purpose is not links.Purpose.NEWS:
        return None
    everything = Endorsement.objects.select_related("letter", "version")
    return everything.filter(public_id=link.public_id, representative__link_epoch=link.epoch).first()
