"""Where anybody says what should change about an organisation on the register."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language

from coalition import limits
from coalition.access import Who, access
from coalition.middleware import Visit
from letters.forms import CorrectionForm
from letters.views.organisations import moved, survivor_of
from signatories import correcting
from signatories.models import Organisation

#: From one network.
CORRECTIONS_AN_HOUR = 10


@access(get=Who.ANYONE, post=Who.ANYONE)
def correct(request: Visit, slug: str) -> HttpResponse:
    """The form. Whatever was sent, the answer is the same for everybody, and tells nothing of what the desk knows."""
    at = timezone.now()
    found = Organisation.objects.public(at).with_name(get_language() or "en").filter(slug=slug).first() or survivor_of(
        slug, at
    )
    if found is None:
        raise Http404
    here = reverse("letters:organisation-correct", args=[found.slug])
    if found.slug != slug and request.method != "POST":
        return moved(here)
    is_lapsed = getattr(request, "has_lapsed", False)
    if request.method != "POST" or is_lapsed:
        form = CorrectionForm(initial=request.POST.dict() if is_lapsed else {})
        about = {"is_lapsed": is_lapsed, "is_sent": "sent" in request.GET and not is_lapsed}
        return _page(request, found, form, status=403 if is_lapsed else 200, **about)
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, shows_errors=True)
    allowance = limits.hit("correct an hour", request.client_network, CORRECTIONS_AN_HOUR, 3600, at)
    if not allowance.allowed:
        return _page(request, found, form, again_at=allowance.again_at, status=429)
    said = {"words": form.cleaned_data["words"], "email": form.cleaned_data["email"]}
    correcting.suggest(
        organisation=found, language=get_language() or "en", is_automatic=bool(form.cleaned_data["fax"]), at=at, **said
    )
    return redirect(f"{here}?sent=1")


correct.keeps_entry = True  # type: ignore[attr-defined]


def _page(
    request: HttpRequest, found: Organisation, form: CorrectionForm, status: int = 200, **about: object
) -> HttpResponse:
    context = {"section": "organisations", "organisation": found, "form": form, **about}
    return render(request, "letters/correct.html", context, status=status)
