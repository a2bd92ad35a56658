"""Public pages of the register: the directory, and each organisation with the letters it has signed by name."""

from __future__ import annotations

from datetime import datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from coalition import pages
from coalition.access import Who, access
from coalition.models import SiteSettings
from letters.models import Endorsement, Letter
from letters.views.reading import country_name, public_page, titled
from signatories import logos
from signatories.models import Organisation

ORGANISATIONS_PER_PAGE = 100


@access(get=Who.ANYONE)
def organisations(request: HttpRequest) -> HttpResponse:
    """The public side of the register, by alphabet."""
    at = timezone.now()
    public = Organisation.objects.public(at).with_name().filter(names__is_main=True).order_by("names__sort_key", "pk")
    page = Paginator(public, ORGANISATIONS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    site = SiteSettings.load()
    key = (page.number, page.paginator.count, [(entry.pk, entry.revision) for entry in shown])
    about = {
        "section": "organisations",
        "page": page,
        "organisations": [(entry, country_name(entry.country)) for entry in shown],
    }
    return pages.keyed(
        request, "organisations", key, site.revision,
        render=lambda: public_page("letters/organisations.html", about, site),
    )  # fmt: skip


@access(get=Who.ANYONE)
def organisation(request: HttpRequest, slug: str) -> HttpResponse:
    """One organisation, and the public letters it has signed by name."""
    at = timezone.now()
    found = _organisation(slug, at)
    if found is None:
        return _merged(slug, at)
    named = Endorsement.objects.listed().filter(organisation=found).values("letter")
    signed = list(titled(Letter.objects.visible_to(None, at)).filter(pk__in=named).order_by("-dated_on", "-pk"))
    site = SiteSettings.load()

    def body() -> str:
        about = {
            "section": "organisations",
            "organisation": found,
            "country": country_name(found.country),
            "names": found.names.exclude(is_main=True).order_by("kind", "sort_key"),
            "letters": signed,
            "at": at,
        }
        return public_page("letters/organisation.html", about, site)

    key = [(entry.pk, entry.revision, entry.phase(at)) for entry in signed]
    own = (found.pk, found.revision, str(found.logo))
    return pages.keyed(request, "organisation", *own, key, site.revision, render=body)


@access(get=Who.ANYONE)
def logo(request: HttpRequest, slug: str) -> HttpResponseBase:
    found = _organisation(slug, timezone.now())
    if found is None:
        raise Http404
    try:
        return logos.response(found.logo)
    except (ValueError, FileNotFoundError):
        raise Http404 from None


def _organisation(slug: str, at: datetime) -> Organisation | None:
    """With its name, and with its logo unless a letter has brought that which the public does not see, or not yet."""
    found = Organisation.objects.public(at).with_name().filter(slug=slug).first()
    if found is not None and found.logo:
        bringing = found.endorsements.filter(logo=found.logo.name)
        if bringing.exclude(letter__in=Letter.objects.visible_to(None, at)).exists():
            found.logo = ""
    return found


def _merged(slug: str, at: datetime) -> HttpResponse:
    """The page of the organisation that an old address now means."""
    survivor = Organisation.objects.public(at).filter(merged__slug=slug).first()
    if survivor is None:
        raise Http404
    return HttpResponseRedirect(survivor.get_absolute_url(), status=301)
