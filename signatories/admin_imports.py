"""Lists at the desk: handed in as a file or pasted, looked through line by line, imported, and undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coalition.desk import staff
from coalition.models import User
from coalition.text import clean_line, fits
from coalition.workflow import NotAllowed, locked
from signatories import imports
from signatories.admin_lines import PAGE, one_line
from signatories.importing import MOST_BYTES, Refused, Sheet, TooLarge, hazards, paste, read_file
from signatories.importing.headers import ROLES, looks_like_header
from signatories.models import Import, ImportLine, Organisation

#: Seconds after which a page that shows progress is asked for again.
AGAIN = 3
BUSY = (Import.Status.PREVIEWING, Import.Status.CONFIRMING, Import.Status.UNDOING)


class ListForm(forms.Form):
    """A file or a pasted list, and where it came from."""

    source = forms.CharField(
        label=gettext_lazy("Where it came from"),
        help_text=gettext_lazy("For example: form of the 2025 campaign. It stands beside whatever comes of the list"),
        error_messages={"required": gettext_lazy("Write where the list came from")},
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV or XLSX, at most 10 MB and 20,000 rows"),
        required=False,
        error_messages={"empty": gettext_lazy("There is nothing in this file")},
    )
    text = forms.CharField(
        label=gettext_lazy("Or a list pasted here"),
        help_text=gettext_lazy("One organisation on each line. Numbers, bullets and countries may stand around it"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12, "dir": "auto", "spellcheck": "false"}),
    )

    sheet: Sheet
    sha256: str

    def clean_source(self) -> str:
        source = clean_line(self.cleaned_data["source"])
        if not source:
            raise forms.ValidationError(self.fields["source"].error_messages["required"])
        if not fits(source, 300):
            raise forms.ValidationError(_("Where it came from must be 300 characters or fewer"))
        return source

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file: UploadedFile[bytes] | None = data.get("file")
        text = data.get("text", "")
        if file and text.strip():
            self.add_error("file", _("Choose a file or paste a list, not both"))
        elif file:
            self._read("file", lambda: self._of_file(file))
        elif text.strip():
            self._read("text", lambda: (paste(text), text.encode(errors="replace")))
        elif "file" not in self.errors:
            self.add_error("file", _("Choose a file, or paste a list below"))
        return data

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [(self[name].auto_id, str(error)) for name in self.fields for error in self.errors.get(name, [])]

    @property
    def said(self) -> dict[str, Any]:
        """What the import is told of it."""
        file = self.cleaned_data.get("file")
        name = clean_line(file.name)[-200:] if file else ""
        return {"source": self.cleaned_data["source"], "filename": name, "sha256": self.sha256}

    @staticmethod
    def _of_file(file: UploadedFile[bytes]) -> tuple[Sheet, bytes]:
        if file.size is None or file.size > MOST_BYTES:
            raise TooLarge
        return read_file(file, file.name or "")

    def _read(self, field: str, read: Callable[[], tuple[Sheet, bytes]]) -> None:
        try:
            self.sheet, data = read()
        except Refused as refusal:
            self.add_error(field, str(refusal))
        else:
            self.sha256 = hashlib.sha256(data).hexdigest()


class ColumnsForm(forms.Form):
    """What each column holds, where the list does not say."""

    def __init__(self, batch: Import, *args: Any) -> None:
        super().__init__(*args)
        self.samples = _samples(batch)
        choices = [("", _("nothing that is wanted")), *((role, ROLE_WORDS[role]) for role in ROLES)]
        for index, (title, sample) in enumerate(self.samples):
            self.fields[f"column-{index}"] = forms.ChoiceField(
                label=title or _column(index),
                help_text=" · ".join(filter(None, sample)),
                choices=choices,
                required=False,
                initial=next((role for role, at in (batch.columns or {}).items() if at == index), ""),
            )
        self.fields["has_titles"] = forms.BooleanField(
            label=_("The first row holds titles, not an organisation"),
            required=False,
            initial=bool(batch.header)
            or (
                batch.status == Import.Status.READ
                and looks_like_header([row[0] for _title, row in self.samples if row])
            ),
        )

    @property
    def columns(self) -> dict[str, int]:
        """The later of two columns that are said to hold the same would win, so `clean` refuses them."""
        chosen = {index: self.cleaned_data.get(f"column-{index}", "") for index in range(len(self.samples))}
        return {role: index for index, role in chosen.items() if role}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        roles = [role for name, role in data.items() if role and name != "has_titles"]
        if len(set(roles)) != len(roles):
            self.add_error(None, _("Two columns are said to hold the same. Choose one of them"))
        elif "name" not in roles:
            self.add_error(None, _("Say which column holds the names of the organisations"))
        return data


ROLE_WORDS = {
    "name": gettext_lazy("name of the organisation"),
    "latin_name": gettext_lazy("its name in English or Latin letters"),
    "acronym": gettext_lazy("acronym"),
    "country": gettext_lazy("country"),
    "website": gettext_lazy("website"),
    "contact_name": gettext_lazy("who signed for it"),
    "role": gettext_lazy("their role"),
    "email": gettext_lazy("their email address"),
    "visibility": gettext_lazy("how it wants to appear"),
    "date": gettext_lazy("date"),
}
FILTERS: dict[str, tuple[Any, Q]] = {
    "all": (gettext_lazy("All"), Q()),
    "undecided": (gettext_lazy("Not decided"), Q(choice="")),
    "problems": (gettext_lazy("With problems"), ~Q(problems=[])),
    "probable": (gettext_lazy("Probably known"), Q(level="probable")),
    "possible": (gettext_lazy("Possibly known"), Q(level="possible")),
    "new": (gettext_lazy("New"), Q(choice="new")),
    "skip": (gettext_lazy("Left out"), Q(choice="skip")),
}


@dataclass(frozen=True)
class Shown:
    """One line of the preview."""

    line: ImportLine
    printed: str
    decision: str
    problems: list[str]
    told: list[str]
    """What is taken from it besides the organisation."""
    options: list[dict[str, Any]]
    like: dict[str, Any] | None
    """The likeliest of the options that are on the register, where it is likely at all."""

    @property
    def chosen(self) -> str:
        return next((str(option["name"]) for option in self.options if option["is_chosen"]), "")


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Doors below admin/signatories/organisation/."""
    return [
        path("imports/", site.admin_view(all_imports), name="signatories_imports"),
        path("imports/<slug:public_id>/", site.admin_view(one_import), name="signatories_import"),
        path("imports/<slug:public_id>/lines/<int:line>/", site.admin_view(one_line), name="signatories_import_line"),
    ]


def all_imports(request: HttpRequest) -> HttpResponse:
    """Lists that came in, newest first, and the form to hand in one more."""
    person = staff(request)
    if not imports.IMPORTER.allows(person, None):
        raise PermissionDenied
    form = ListForm(request.POST, request.FILES) if request.method == "POST" else ListForm()
    if form.is_bound and form.is_valid():
        batch = imports.take_in(form.sheet, by=person, at=timezone.now(), **form.said)
        return redirect(url_of(batch))
    return form_page(request, form, Import.objects.select_related("created_by"))


def form_page(request: HttpRequest, form: forms.Form, batches: QuerySet[Import], **more: Any) -> HttpResponse:
    """The form with the latest imports below; `more` for the page of a letter."""
    latest = imports.seen_by(staff(request), batches).order_by("-pk")[:50]
    context = {
        **admin.site.each_context(request),
        "opts": Organisation._meta,
        "title": _("Import a list"),
        "form": form,
        "batches": latest,
        "back": reverse("admin:signatories_organisation_changelist"),
        **more,
    }
    return TemplateResponse(request, "admin/signatories/imports.html", context, status=422 if form.errors else 200)


def one_import(request: HttpRequest, public_id: str) -> HttpResponse:
    batch = get_object_or_404(Import.objects.select_related("created_by"), public_id=public_id)
    person = staff(request)
    if not imports.IMPORTER.allows(person, batch):
        raise Http404
    if request.method == "POST":
        return _post(request, batch, person)
    renames = batch.status == Import.Status.PREVIEWED and "columns" in request.GET and not batch.is_pasted
    return _page(request, batch, ColumnsForm(batch) if renames or batch.status == Import.Status.READ else None)


def url_of(batch: Import) -> str:
    return reverse("admin:signatories_import", args=[batch.public_id])


def _post(request: HttpRequest, batch: Import, person: User) -> HttpResponse:
    """Decisions on the page are kept first, whatever was pressed; then the step is taken."""
    do = request.POST.get("do", "keep")
    at = timezone.now()
    form = ColumnsForm(batch, request.POST) if do == "columns" else None
    if form is not None and batch.status in (Import.Status.READ, Import.Status.PREVIEWED) and not form.is_valid():
        return _page(request, batch, form)
    try:
        _keep(request, batch)
        match do:
            case "columns" if form is not None and form.is_valid():
                has_titles = form.cleaned_data["has_titles"]
                imports.name_columns(batch, columns=form.columns, has_titles=has_titles, by=person, at=at)
                return redirect(url_of(batch))
            case "rest-new":
                with locked(batch):
                    _check_open(batch)
                    number = imports.choose_new(batch)
                words = ngettext("%(number)d line more is new", "%(number)d lines more are new", number)
                messages.success(request, words % {"number": number})
            case "confirm":
                imports.confirm(batch, by=person, at=at)
            case "compare":
                imports.compare_again(batch, by=person, at=at)
            case "drop":
                imports.drop(batch, by=person, at=at)
                messages.success(request, _("Dropped. What the lines said is deleted."))
                return redirect("admin:signatories_imports")
            case "undo":
                imports.undo(batch, by=person, at=at)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    there = request.GET.copy()
    if do == "next":
        there["page"] = request.POST.get("next", "1")
    return redirect(f"{url_of(batch)}?{there.urlencode()}" if there else url_of(batch))


def _keep(request: HttpRequest, batch: Import) -> None:
    """Writes down what was chosen on this page."""
    if said := _by_line(request, "line-"):
        with locked(batch):
            _check_open(batch)
            otherwise = imports.choose(batch, said, _by_line(request, "was-"))
        if otherwise:
            raise NotAllowed(
                _("Somebody else has decided otherwise meanwhile: line %(numbers)s. Look at it again.")
                % {"numbers": ", ".join(map(str, otherwise))}
            )


def _by_line(request: HttpRequest, prefix: str) -> dict[int, str]:
    """What was posted for lines, by their keys."""
    posted = ((name.removeprefix(prefix), value) for name, value in request.POST.items() if name.startswith(prefix))
    return {int(pk): str(value) for pk, value in posted if pk.isascii() and pk.isdigit() and len(pk) < 19}


def _check_open(batch: Import) -> None:
    if batch.status != Import.Status.PREVIEWED:
        raise NotAllowed(_("Decisions can be changed only while the list waits for them."))


def _page(request: HttpRequest, batch: Import, form: ColumnsForm | None) -> HttpResponse:
    chosen = request.GET.get("show", "all")
    chosen = chosen if chosen in FILTERS else "all"
    lines = batch.lines.filter(FILTERS[chosen][1]).select_related("origin").order_by("number")
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    shows_lines = batch.status not in (*BUSY, Import.Status.READ)
    figures = imports.figures(batch)
    context = {
        **admin.site.each_context(request),
        "opts": Organisation._meta,
        "title": str(batch),
        "batch": batch,
        "read_as": _read_as(batch.read_as),
        "form": form,
        "is_busy": batch.status in BUSY,
        "lines": _shown(batch, page) if shows_lines else [],
        "page": page,
        "query": f"show={chosen}&" if chosen != "all" else "",
        "filters": [(key, words, key == chosen, figures.get(key)) for key, (words, _where) in FILTERS.items()],
        "figures": figures,
        "plain": len(imports.plain(batch)) if batch.status == Import.Status.PREVIEWED else 0,
        "first": batch.lines.filter(choice="").order_by("number").values_list("number", flat=True).first(),
        "wanted": figures["new"] + figures["known"],
        "remarks": [hazards.words(*remark) for remark in batch.remarks],
        "trouble": _trouble(batch),
        "letter": letter_of(batch),
        "columns": _columns_told(batch),
    }
    response = TemplateResponse(
        request, "admin/signatories/import.html", context, status=422 if form and form.errors else 200
    )
    if batch.status in BUSY:
        response["Refresh"] = str(AGAIN)
    return response


#: Encodings under the names that people know from their programs; others keep their own.
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1250": gettext_lazy("Windows (Central Europe)"),
    "cp1251": gettext_lazy("Windows (Cyrillic)"),
    "cp1252": gettext_lazy("Windows (Western Europe)"),
    "cp1253": gettext_lazy("Windows (Greek)"),
    "cp1254": gettext_lazy("Windows (Turkish)"),
    "cp1255": gettext_lazy("Windows (Hebrew)"),
    "cp1256": gettext_lazy("Windows (Arabic)"),
    "cp1257": gettext_lazy("Windows (Baltic)"),
    "cp850": gettext_lazy("DOS (Western Europe)"),
    "cp866": gettext_lazy("DOS (Cyrillic)"),
    "mac-roman": gettext_lazy("old Macintosh (Western Europe)"),
    "gb18030": gettext_lazy("Chinese (simplified)"),
    "big5": gettext_lazy("Chinese (traditional)"),
    "cp932": gettext_lazy("Japanese (Windows)"),
    "euc_jp": gettext_lazy("Japanese (Unix)"),
    "iso-2022-jp": gettext_lazy("Japanese (mail)"),
    "cp949": gettext_lazy("Korean"),
    "xlsx": gettext_lazy("Excel workbook"),
}
PARTED = {
    "comma": gettext_lazy("parted by commas"),
    "semicolon": gettext_lazy("parted by semicolons"),
    "tab": gettext_lazy("parted by tabs"),
    "bar": gettext_lazy("parted by bars"),
}


def _read_as(said: str) -> str:
    """Encoding and separator of a file, in words that people know."""
    return ", ".join(str(ENCODINGS.get(word) or PARTED.get(word) or word) for word in said.split())


def _trouble(batch: Import) -> list[str]:
    """What stands against it; of one that is undone, what its lines say that stayed."""
    told = batch.trouble.splitlines()
    if batch.status != Import.Status.UNDONE:
        return told
    stayed = batch.lines.filter(number__in=told).order_by("number")
    return [line.name or _("Line %(number)d") % {"number": line.number} for line in stayed]


def letter_of(batch: Import) -> Any:
    """The letter it is for, if it is for one; this app knows only that it has a title and a key."""
    about = getattr(batch, "for_letter", None)
    return about.letter if about else None


def _shown(batch: Import, page: Page[ImportLine]) -> list[Shown]:
    """The lines of a page, with the names of all that are suggested from one query."""
    lines = list(page.object_list)
    wanted = {candidate["organisation"] for line in lines for candidate in line.candidates}
    known = {organisation.pk: organisation for organisation in Organisation.objects.with_name().filter(pk__in=wanted)}
    return [
        Shown(
            line=line,
            printed=imports.printed(line),
            decision=imports.decision(line),
            problems=[hazards.words(code, detail) for code, detail in line.problems],
            told=imports.KINDS[batch.what].tell(batch, line),
            options=(options := _options(line, known)),
            like=next((option for option in options if option.get("is_likely")), None),
        )
        for line in lines
    ]


def _options(line: ImportLine, known: dict[int, Organisation]) -> list[dict[str, Any]]:
    suggested = [
        {
            "value": str(organisation.pk),
            "name": organisation.name,
            "country": organisation.country,
            "level": _("found by a person")
            if candidate.get("is_found_by_hand")
            else ImportLine.Level(candidate["level"]).label,
            "is_likely": bool(candidate["level"]),
            "reasons": ", ".join([*candidate["reasons"], *_standing(organisation)]),
            "is_chosen": line.choice == "known" and line.organisation_id == organisation.pk,
        }
        for candidate in line.candidates
        if (organisation := known.get(candidate["organisation"]))
    ]
    plain: Iterable[ImportLine.Choice] = (ImportLine.Choice.UNDECIDED, ImportLine.Choice.NEW, ImportLine.Choice.SKIP)
    return [
        *suggested,
        *({"value": c.value, "name": c.label, "is_chosen": line.choice == c.value} for c in plain),
    ]


def _standing(organisation: Organisation) -> list[str]:
    """What a suspended one is offered for."""
    is_suspended = organisation.standing == Organisation.Standing.SUSPENDED
    return [_("suspended when a list was undone, is taken up again")] if is_suspended else []


def _columns_told(batch: Import) -> dict[str, Any]:
    """Which columns of a file were read as what, and which not at all."""
    if batch.is_pasted or not batch.columns:
        return {}
    role_of = {index: ROLE_WORDS[role] for role, index in batch.columns.items()}
    width = max(len(batch.header), *(index + 1 for index in role_of))
    titles = [(index, title or _column(index)) for index, title in enumerate(_padded(batch.header, width))]
    return {
        "read": [(title, role_of[index]) for index, title in titles if index in role_of],
        "unread": [title for index, title in titles if index not in role_of],
        "names_all": batch.what == Import.What.ENDORSEMENTS and "visibility" not in batch.columns,
    }


def _column(index: int) -> str:
    """What a column without a title is called."""
    return _("Column %(number)d") % {"number": index + 1}


def _padded(titles: list[str], width: int) -> list[str]:
    return [*titles, *[""] * (width - len(titles))]


def _samples(batch: Import) -> list[tuple[str, list[str]]]:
    """Each column's title, and its first few cells."""
    rows = [imports.cells(line) for line in batch.lines.order_by("number")[:4]]
    width = max([len(batch.header), *map(len, rows)])
    titles = _padded(batch.header, width)
    return [(titles[index], [row[index][:60] if index < len(row) else "" for row in rows]) for index in range(width)]
