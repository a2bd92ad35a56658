"""Merging at the desk: which entry may mean the same organisation, what both say side by side, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coalition import countries
from coalition.desk import staff
from coalition.roles import REGISTRAR
from coalition.text import clean_line
from coalition.workflow import NotAllowed
from signatories import doubles, logos, matching, merging
from signatories.merging import FIELDS, GONE, KEPT, NAME
from signatories.models import Likeness, Merge, Organisation, OrganisationName

PAIRS_PER_PAGE = 50

LABELS: dict[str, Promise] = {
    NAME: gettext_lazy("Main name"),
    "country": gettext_lazy("Country"),
    "website": gettext_lazy("Website"),
    "scope": gettext_lazy("Scope"),
    "kind": gettext_lazy("Kind"),
    "about": gettext_lazy("About"),
    "logo": gettext_lazy("Logo"),
    "ecosoc": gettext_lazy("Consultative status"),
    "is_listed": gettext_lazy("Listed by a moderator"),
}


class MergeForm(forms.Form):
    """For each thing in which two entries differ, which of them is right. What the one that stays leaves empty comes
    from the other, unless somebody says otherwise."""

    def __init__(self, kept: Organisation, gone: Organisation, data: Any = None) -> None:
        super().__init__(data)
        self.both = (kept, gone)
        for field, label in LABELS.items():
            if _says(field, kept) != _says(field, gone):
                self.fields[field] = forms.ChoiceField(
                    label=str(label),
                    choices=[(KEPT, kept.name), (GONE, gone.name)],
                    initial=KEPT if _says(field, kept) else GONE,
                    error_messages={
                        name: _("%(field)s: choose one of the two") % {"field": label}
                        for name in ("required", "invalid_choice")
                    },
                )

    def rows(self) -> list[dict[str, Any]]:
        """Both entries side by side, with a choice where they differ; nothing of what neither says."""
        kept, gone = self.both
        return [
            {
                "field": field,
                "label": label,
                "cells": [
                    {
                        "side": side,
                        "is_chosen": field in self.fields and self[field].value() == side,
                        "words": _words(field, entry),
                        "entry": entry,
                    }
                    for side, entry in ((KEPT, kept), (GONE, gone))
                ],
                "is_choice": field in self.fields,
            }
            for field, label in LABELS.items()
            if field in self.fields or _words(field, kept)
        ]

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [(f"id_{name}_{KEPT}", str(error)) for name in self.fields for error in self.errors.get(name, [])]


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Doors below admin/signatories/organisation/."""
    doors: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
        ("doubles/", likely_doubles, "doubles"),
        ("<int:pk>/merge/", find, "merge_find"),
        ("<int:pk>/merge/<int:other>/", merge, "merge"),
        ("<int:pk>/merges/<int:of>/undo/", undo, "merge_undo"),
        ("<int:pk>/difference/<int:other>/", same_after_all, "same_after_all"),
        ("<int:pk>/logo.png", logo, "logo"),
    ]
    return [path(route, site.admin_view(view), name=f"signatories_organisation_{name}") for route, view, name in doors]


def find(request: HttpRequest, pk: int) -> HttpResponse:
    """Which other entries may mean the same organisation."""
    organisation = _entry(request, pk)
    if organisation.standing == Organisation.Standing.MERGED:
        raise Http404
    typed = request.GET.get("q")
    query = organisation.name if typed is None else clean_line(typed)[:300]
    website = query if "." in query and " " not in query else organisation.website if typed is None else ""
    others = Organisation.objects.exclude(standing=Organisation.Standing.MERGED).exclude(pk=pk)
    different = merging.different_from(organisation)
    alike = matching.candidates(
        query, country=organisation.country, website=website, organisations=others.exclude(pk__in=different)
    )
    context = {
        "title": _("Merge with another entry"),
        "organisation": organisation,
        "query": query,
        "found": [candidate for candidate in alike if candidate.score >= matching.FLOOR],
        "different": others.filter(pk__in=different).with_name().order_by("pk"),
    }
    return _page(request, "admin/signatories/merge_find.html", context)


def merge(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """Two entries side by side: a GET shows, the buttons merge them or remember that they are two."""
    kept, gone = _entry(request, pk), _entry(request, other)
    form = MergeForm(kept, gone, request.POST if request.POST.get("action") == "merge" else None)
    refusal = ""
    if request.method == "POST":
        try:
            if done := _taken(request, kept, gone, form):
                return done
        except NotAllowed as error:
            refusal = str(error)
            kept, gone = _entry(request, pk), _entry(request, other)
            form = MergeForm(kept, gone, form.data if form.is_bound else None)
    context = {
        "title": _("Merge two entries"),
        "kept": kept,
        "gone": gone,
        "entries": [kept, gone],
        "form": form,
        "refusal": refusal,
        "seen": f"{kept.revision}-{gone.revision}",
        "moves": merging.preview(kept, gone),
        "is_told_apart": gone.pk in merging.different_from(kept),
        "will_be_at_risk": gone.at_risk and not kept.at_risk,
    }
    status = 409 if refusal else 422 if form.errors else 200
    return _page(request, "admin/signatories/merge.html", context, status)


def likely_doubles(request: HttpRequest) -> HttpResponse:
    """Pairs of entries that may be one organisation, the likeliest first, each with the way to decide it."""
    if not REGISTRAR.allows(staff(request), None):
        raise PermissionDenied
    named = [Prefetch(side, Organisation.objects.with_name()) for side in ("one", "other")]
    page = Paginator(Likeness.objects.open().prefetch_related(*named), PAIRS_PER_PAGE).get_page(request.GET.get("page"))
    pairs = [
        {"likeness": pair, "level": matching.Level.of(pair.score), "entries": doubles.first_to_stay(pair)}
        for pair in page.object_list
    ]
    context = {"title": _("Likely doubles"), "page": page, "pairs": pairs, "waiting": doubles.changed().count()}
    return _page(request, "admin/signatories/doubles.html", context)


@require_POST
def undo(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    """The button beside a merge."""
    organisation = _entry(request, pk)
    found = get_object_or_404(Merge.objects.select_related("kept", "gone"), pk=of, kept=organisation)
    try:
        merging.undo(found, by=staff(request), at=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The merge is undone: %(name)s is an entry again.") % {"name": found.gone.name})
    return redirect("admin:signatories_organisation_change", pk)


@require_POST
def same_after_all(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """The button beside an entry that this one was told apart from."""
    one, second = _entry(request, pk), _entry(request, other)
    try:
        merging.take_difference_back(one, second, by=staff(request), at=timezone.now())
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        names = {"one": one.name, "other": second.name}
        messages.success(request, _("%(one)s and %(other)s may be one organisation again.") % names)
    return redirect("admin:signatories_organisation_change", pk)


def logo(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The logo of an entry, public or not."""
    try:
        answer = logos.response(_entry(request, pk).logo)
    except (ValueError, FileNotFoundError):
        raise Http404 from None
    answer.headers["Cache-Control"] = "no-store"
    return answer


def merges_into(request: HttpRequest, organisation: Organisation) -> list[dict[str, Any]]:
    """What was merged into an entry, newest first, with the reason why a merge can't be undone, or none."""
    at = timezone.now()
    done = organisation.merges.select_related("gone", "by").order_by("-pk")
    newest = next((merge.pk for merge in done if merge.undone_at is None), None)
    may_undo = REGISTRAR.allows(staff(request), organisation)
    main = OrganisationName.objects.filter(is_main=True, organisation__own_merges__in=done)
    names = dict(main.values_list("organisation", "text"))
    return [
        {
            "merge": merge,
            "name": names.get(merge.gone_id) or merge.gone.slug,
            "is_undoable": may_undo and merge.pk == newest and not merging.why_not_undone(merge, at),
        }
        for merge in done
    ]


def told_apart_from(organisation: Organisation) -> QuerySet[Organisation]:
    """What is not the same as an entry, as somebody has said."""
    if organisation.standing == Organisation.Standing.MERGED:
        return Organisation.objects.none()
    others = Organisation.objects.exclude(standing=Organisation.Standing.MERGED)
    return others.filter(pk__in=merging.different_from(organisation)).with_name().order_by("pk")


def _taken(request: HttpRequest, kept: Organisation, gone: Organisation, form: MergeForm) -> HttpResponse | None:
    """What a button did, or None where the page is shown again."""
    names = {"one": gone.name, "other": kept.name}
    if request.POST.get("action") == "different":
        merging.declare_different(kept, gone, by=staff(request), at=timezone.now())
        messages.success(request, _("Remembered: %(one)s and %(other)s are two organisations.") % names)
        if request.POST.get("from") == "doubles":
            return redirect("admin:signatories_organisation_doubles")
        return redirect("admin:signatories_organisation_change", kept.pk)
    if not form.is_bound:
        raise NotAllowed(_("Choose what to do."))
    if not form.is_valid():
        return None
    seen = _revisions(request.POST.get("seen", ""))
    merging.merge(kept, gone, choices=form.cleaned_data, seen=seen, by=staff(request), at=timezone.now())
    messages.success(request, _("Merged: %(one)s into %(other)s. It can be undone for 30 days.") % names)
    return redirect("admin:signatories_organisation_change", kept.pk)


def _revisions(seen: str) -> tuple[int, int]:
    """As the page wrote them; of anything else, two that no entry has."""
    one, _dash, other = seen.partition("-")
    known = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (one, other))
    return (int(one), int(other)) if known else (-1, -1)


def _entry(request: HttpRequest, pk: int) -> Organisation:
    """403 for whoever does not keep the register."""
    found = get_object_or_404(Organisation.objects.with_name(), pk=pk)
    if not REGISTRAR.allows(staff(request), found):
        raise PermissionDenied
    return found


def _says(field: str, organisation: Organisation) -> tuple[Any, ...]:
    """What an entry says of this; empty if nothing."""
    values = (organisation.name,) if field == NAME else tuple(merging.plain(organisation, FIELDS[field]).values())
    return values if any(values) else ()


def _words(field: str, organisation: Organisation) -> str:
    match field:
        case "name":
            return organisation.name
        case "country":
            return countries.name(organisation.country, get_language() or "en") if organisation.country else ""
        case "scope":
            return str(organisation.get_scope_display())
        case "ecosoc":
            since = organisation.ecosoc_since
            return " ".join(filter(None, [str(organisation.get_ecosoc_status_display()), str(since or "")]))
        case "is_listed":
            return _("yes") if organisation.is_listed else _("no")
        case _:
            return str(getattr(organisation, field))


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    known = {**admin.site.each_context(request), "opts": Organisation._meta}
    return TemplateResponse(request, template, known | context, status=status)
