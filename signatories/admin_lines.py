"""One line of a list at the desk: corrected, split into several, or matched with an organisation found by search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from coalition import countries
from coalition.desk import staff
from coalition.text import clean_line, fits
from coalition.workflow import NotAllowed
from signatories import imports, matching, suggesting
from signatories.forms import plain_website
from signatories.importing.entries import LONGEST_ACRONYM, LONGEST_NAME
from signatories.models import Import, ImportLine, Organisation
from signatories.names import is_latin

#: Lines of the preview on one page.
PAGE = 200
MOST_TYPED = 20_000


class LineForm(forms.Form):
    """What a line means, instead of what the list printed."""

    name = forms.CharField(
        label=gettext_lazy("Name of the organisation"),
        error_messages={"required": gettext_lazy("Write the name of the organisation")},
    )
    latin_name = forms.CharField(label=gettext_lazy("Its name in English or Latin letters"), required=False)
    acronym = forms.CharField(label=gettext_lazy("Acronym"), required=False)
    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Select a country from the list")},
    )
    website = forms.CharField(label=gettext_lazy("Website"), required=False)

    def __init__(self, line: ImportLine, *args: Any) -> None:
        super().__init__(*args)
        self.initial = {name: getattr(line, name) for name in imports.CORRECTED}
        listed = [("", _("not known")), *countries.choices(get_language() or "en")]
        if line.country and line.country not in dict(listed):
            listed.append((line.country, countries.name(line.country, get_language() or "en")))
        self.fields["country"].choices = listed  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not any(letter.isalnum() for letter in name):
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return _short(name, LONGEST_NAME)

    def clean_latin_name(self) -> str:
        name = clean_line(self.cleaned_data["latin_name"])
        if name and not is_latin(name):
            raise forms.ValidationError(_("Write it in Latin letters"))
        return _short(name, LONGEST_NAME)

    def clean_acronym(self) -> str:
        return _short(clean_line(self.cleaned_data["acronym"]), LONGEST_ACRONYM)

    def clean_website(self) -> str:
        typed = clean_line(self.cleaned_data["website"])
        website = plain_website(typed) if typed else ""
        if website is None or len(website) > 300:
            raise forms.ValidationError(_("Enter a website like organisation.org"))
        return website


def _short(text: str, most: int) -> str:
    if not fits(text, most):
        raise forms.ValidationError(_("This must be %(number)d characters or fewer") % {"number": most})
    return text


class SplitForm(forms.Form):
    """The names into which a line is split."""

    names = forms.CharField(
        label=gettext_lazy("One name on each line"),
        error_messages={"required": gettext_lazy("Write at least two names, each on a line of its own.")},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "spellcheck": "false"}),
    )

    def clean_names(self) -> list[str]:
        if len(self.cleaned_data["names"]) > MOST_TYPED:
            raise forms.ValidationError(_("This must be %(number)d characters or fewer") % {"number": MOST_TYPED})
        names = [clean_line(name) for name in self.cleaned_data["names"].splitlines()]
        names = [name for name in names if name]
        if len(names) < 2:
            raise forms.ValidationError(_("Write at least two names, each on a line of its own."))
        if len(names) > imports.MOST_PARTS:
            raise forms.ValidationError(_("Write at most %(number)d names.") % {"number": imports.MOST_PARTS})
        return names


def one_line(request: HttpRequest, public_id: str, line: int) -> HttpResponse:
    """What a line says and how it was printed: a GET shows and searches, a POST changes."""
    batch = get_object_or_404(Import, public_id=public_id)
    if not imports.IMPORTER.allows(staff(request), batch):
        raise Http404
    there = reverse("admin:signatories_import", args=[batch.public_id])
    shown = batch.lines.filter(pk=line).select_related("origin").first()
    if batch.status != Import.Status.PREVIEWED or shown is None:
        messages.error(request, _("Decisions can be changed only while the list waits for them."))
        return redirect(there)
    do = request.POST.get("do")
    form = LineForm(shown, request.POST if do == "correct" else None)
    split = SplitForm(request.POST if do == "split" else None, initial={"names": _as_printed(shown)})
    refusal = ""
    if request.method == "POST":
        try:
            if _done(request, batch, shown, form, split):
                page = (batch.lines.filter(number__lt=shown.number).count()) // PAGE + 1
                return redirect(f"{there}?page={page}#line-{shown.number}")
        except NotAllowed as error:
            refusal = str(error)
            shown.refresh_from_db()
    query = clean_line(request.POST.get("q", request.GET.get("q", "")))[:300]
    found = matching.among(suggesting.register(), query, language=get_language() or "en") if query else []
    context = {
        **admin.site.each_context(request),
        "opts": Organisation._meta,
        "title": _("Line %(number)d") % {"number": shown.number},
        "batch": batch,
        "line": shown,
        "printed": _as_printed(shown),
        "state": imports.state(shown),
        "form": form,
        "split": split,
        "refusal": refusal,
        "query": query,
        "found": found,
    }
    is_wrong = bool(refusal or form.errors or split.errors)
    return TemplateResponse(request, "admin/signatories/import_line.html", context, status=422 if is_wrong else 200)


def _as_printed(line: ImportLine) -> str:
    return imports.printed(line).strip() or line.name


def _done(request: HttpRequest, batch: Import, line: ImportLine, form: LineForm, split: SplitForm) -> bool:
    """Takes the step that was asked for, if what was typed is well formed."""
    told: dict[str, Any] = {
        "line": line,
        "seen": request.POST.get("was", ""),
        "code": str(line.number),
        "by": staff(request),
        "at": timezone.now(),
    }
    match request.POST.get("do"):
        case "correct" if form.is_valid():
            imports.correct_line(batch, said=form.cleaned_data, **told)
            messages.success(request, _("Line %(number)d is corrected and compared again.") % {"number": line.number})
        case "split" if split.is_valid():
            names = split.cleaned_data["names"]
            imports.split_line(batch, names=names, **told)
            words = ngettext("Split into %(number)d line.", "Split into %(number)d lines.", len(names))
            messages.success(request, words % {"number": len(names)})
        case "match":
            chosen = request.POST.get("organisation", "")
            pk = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
            imports.match_line(batch, organisation=pk, **told)
            messages.success(request, _("Line %(number)d is matched.") % {"number": line.number})
        case _:
            return False
    return True
