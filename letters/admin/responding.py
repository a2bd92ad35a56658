"""What came of a letter, at the desk: responses and updates are put on record, and reminders drafted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coalition.desk import staff
from coalition.languages import direction, parse_tag
from coalition.markdown import render_inline
from coalition.models import SiteSettings
from coalition.templatetags.words import day, figure
from coalition.text import clean_line, clean_text, fits
from coalition.workflow import NotAllowed
from letters import responding
from letters.admin.drafting.fields import unjudged
from letters.attachments import Checked, Refused
from letters.drafting import Changed
from letters.models import Addressee, Assessment, Attachment, Delivery, Letter, LetterRole, Response, Update
from letters.roles import CONVENER

#: Files that one response or update may bring at a time.
MOST_FILES = 10
#: Characters of a text: with it, the rest of the form stays within what a request may hold.
LONGEST = 50_000


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files, each of them checked."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Checked]:
        uploads = [upload for upload in (data or []) if isinstance(upload, UploadedFile)]
        if len(uploads) > MOST_FILES:
            raise forms.ValidationError(_("Choose at most 10 files at a time"))
        checked, problems = [], []
        for upload in uploads:
            try:
                checked.append(Checked.of(upload))
            except Refused as refusal:
                problems.append(str(refusal))
        if problems:
            raise forms.ValidationError(problems)
        return checked


class OutcomeForm(forms.Form):
    """What a response and an update have in common: a date, a language, words and files."""

    dated_on = forms.DateField(
        label=gettext_lazy("Date"),
        error_messages=dict.fromkeys(["required", "invalid"], gettext_lazy("Enter a date")),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    language = forms.CharField(
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("As a tag, for example en, pt-BR or zh-Hant"),
        error_messages={"required": gettext_lazy("Enter the language")},
    )
    attached = FilesField(
        label=gettext_lazy("Files"),
        help_text=gettext_lazy("PDF, DOCX, ODT or plain text, at most 5 MB each"),
        required=False,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, letter: Letter, at: datetime, kept: list[Attachment], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.letter, self.at, self.kept = letter, at, kept
        for attachment in kept:
            label = _("Take off the file “%(title)s”") % {"title": attachment.title}
            self.fields[f"remove_{attachment.public_id}"] = forms.BooleanField(label=label, required=False)
        if "seen" not in self.initial:
            del self.fields["seen"]
        if self.files:
            self.fields["attached"].help_text = _("Choose the files again: a browser does not keep them")

    def clean_dated_on(self) -> Any:
        dated_on = self.cleaned_data["dated_on"]
        if dated_on > self.at.astimezone(self.letter.zone).date():
            raise forms.ValidationError(_("The date must not lie in the future"))
        return dated_on

    def clean_language(self) -> str:
        try:
            return parse_tag(self.cleaned_data["language"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def summary(self) -> list[tuple[str, str]]:
        """The errors for the summary above the form: id of the field, sentence."""
        return [(self[name].auto_id, str(error)) for name in self.fields for error in self.errors.get(name, [])]

    @property
    def said(self) -> dict[str, Any]:
        """What the verb is told."""
        data = self.cleaned_data
        removed = {attachment.public_id for attachment in self.kept if data[f"remove_{attachment.public_id}"]}
        asked = {name: data[name] for name in self.base_fields if name in self.fields and name != "attached"}
        return asked | {"files": data["attached"]} | ({"removed": removed} if self.kept else {})


class ResponseForm(OutcomeForm):
    addressee = forms.ModelChoiceField(
        label=gettext_lazy("From"),
        queryset=Addressee.objects.none(),
        empty_label=gettext_lazy("Choose one"),
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Choose the addressee")),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Response.Kind.choices,
        error_messages=dict.fromkeys(["required", "invalid_choice"], gettext_lazy("Choose the kind of response")),
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy("In the words of the addressee. Markdown"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
    )
    is_published = forms.BooleanField(
        label=gettext_lazy("Publish text, files and assessment"),
        help_text=gettext_lazy("Otherwise the public learns date and kind, and nothing else"),
        required=False,
        initial=True,
    )
    field_order = ["addressee", "kind", "dated_on", "language", "text", "is_published"]

    def __init__(self, letter: Letter, *args: Any, **kwargs: Any) -> None:
        super().__init__(letter, *args, **kwargs)
        self.fields["addressee"].queryset = letter.addressees.all()  # type: ignore[attr-defined]
        self.demands = responding.demands(letter)
        tag = letter.authoritative_language
        for number, demand in enumerate(self.demands, start=1):
            self.fields[f"verdict_{number}"] = forms.ChoiceField(
                label=format_html(
                    '{} <span lang="{}" dir="{}">{}</span>',
                    _("Your assessment of demand %(number)s:") % {"number": figure(number)},
                    tag,
                    direction(tag),
                    render_inline(demand),
                ),
                choices=[("", _("not assessed")), *Assessment.Verdict.choices],
                required=False,
                error_messages={"invalid_choice": _("Choose an assessment from the list")},
                widget=forms.RadioSelect,
            )

    def clean_dated_on(self) -> Any:
        dated_on, first = super().clean_dated_on(), responding.first_day(self.letter)
        if first is not None and dated_on < first:
            raise forms.ValidationError(
                _("The letter is of %(day)s, and no response can be older") % {"day": day(first)}
            )
        return dated_on

    def clean_text(self) -> str:
        return _bounded_text(self.cleaned_data["text"])

    @property
    def said(self) -> dict[str, Any]:
        numbers = range(1, len(self.demands) + 1)
        verdicts = {number: self.cleaned_data[f"verdict_{number}"] for number in numbers}
        return super().said | {"verdicts": {number: verdict for number, verdict in verdicts.items() if verdict}}


class UpdateForm(OutcomeForm):
    title = forms.CharField(
        label=gettext_lazy("Title"),
        error_messages={"required": gettext_lazy("Enter a title")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    body = forms.CharField(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy("Markdown"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "dir": "auto"}),
    )
    field_order = ["dated_on", "language", "title", "body"]

    def clean_title(self) -> str:
        title = clean_line(self.cleaned_data["title"])
        if not title:
            raise forms.ValidationError(_("Enter a title"))
        if not fits(title, 200):
            raise forms.ValidationError(_("The title must be 200 characters or fewer"))
        return title

    def clean_body(self) -> str:
        return _bounded_text(self.cleaned_data["body"])


def urls(site: admin.AdminSite) -> list[URLPattern]:
    """Doors below admin/letters/letter/."""
    return [
        path("awaiting/", site.admin_view(awaiting), name="letters_letter_awaiting"),
        path("<int:pk>/reminder/<int:addressee>/", site.admin_view(reminder), name="letters_letter_reminder"),
        path("<int:pk>/respond/", site.admin_view(respond), name="letters_letter_respond"),
        path("<int:pk>/responses/<int:of>/", site.admin_view(correct_response), name="letters_letter_correct_response"),
        path(
            "<int:pk>/responses/<int:of>/remove/",
            site.admin_view(remove_response),
            name="letters_letter_remove_response",
        ),
        path("<int:pk>/updates/<int:of>/remove/", site.admin_view(remove_update), name="letters_letter_remove_update"),
        path("<int:pk>/updates/add/", site.admin_view(post_update), name="letters_letter_post_update"),
        path("<int:pk>/updates/<int:of>/", site.admin_view(correct_update), name="letters_letter_correct_update"),
        path("<int:pk>/outcome/", site.admin_view(outcome), name="letters_letter_outcome"),
    ]


def outcome(request: HttpRequest, pk: int) -> HttpResponse:
    """What is on record, each with a door to its correction."""
    letter = _convened(request, pk)
    context = {
        "title": _("What came of it"),
        "letter": letter,
        "responses": letter.responses.select_related("addressee").order_by("-dated_on", "-pk"),
        "updates": letter.updates.order_by("-dated_on", "-pk"),
    }
    return _page(request, "admin/letters/outcome.html", context)


def respond(request: HttpRequest, pk: int) -> HttpResponse:
    letter, at = _convened(request, pk), timezone.now()
    form = ResponseForm(letter, at, [], *_sent(request), initial={"language": letter.authoritative_language})
    return _take(request, letter, form, _("Record a response"), responding.respond, at)


def correct_response(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    letter, at = _convened(request, pk), timezone.now()
    response: Response = get_object_or_404(letter.responses.all(), pk=of)
    form_of = partial(_response_form, letter, at, response)
    verb = partial(responding.correct_response, response=response)
    remove = reverse("admin:letters_letter_remove_response", args=[letter.pk, response.pk])
    return _take(request, letter, form_of(*_sent(request)), _("Correct a response"), verb, at, form_of, remove)


def remove_response(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    letter = _convened(request, pk)
    response: Response = get_object_or_404(letter.responses.select_related("addressee"), pk=of)
    verb = partial(responding.remove_response, response=response)
    return _remove(request, letter, response, _("Take the response off the record"), verb)


def post_update(request: HttpRequest, pk: int) -> HttpResponse:
    letter, at = _convened(request, pk), timezone.now()
    today = at.astimezone(letter.zone).date()
    initial = {"language": letter.authoritative_language, "dated_on": today}
    form = UpdateForm(letter, at, [], *_sent(request), initial=initial)
    return _take(request, letter, form, _("Post an update"), responding.post_update, at)


def correct_update(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    letter, at = _convened(request, pk), timezone.now()
    update: Update = get_object_or_404(letter.updates.all(), pk=of)
    form_of = partial(_update_form, letter, at, update)
    verb = partial(responding.correct_update, update=update)
    remove = reverse("admin:letters_letter_remove_update", args=[letter.pk, update.pk])
    return _take(request, letter, form_of(*_sent(request)), _("Correct an update"), verb, at, form_of, remove)


def remove_update(request: HttpRequest, pk: int, of: int) -> HttpResponse:
    letter = _convened(request, pk)
    update: Update = get_object_or_404(letter.updates.all(), pk=of)
    verb = partial(responding.remove_update, update=update)
    return _remove(request, letter, update, _("Take the update off the record"), verb)


def awaiting(request: HttpRequest) -> HttpResponse:
    """Delivered letters that an addressee has not answered, the longest first."""
    at = timezone.now()
    rows = [
        {
            "letter": awaited.letter,
            "title": awaited.letter.shown_title,
            "addressee": awaited.addressee,
            "delivered_at": awaited.delivery.at,
            "days": responding.days_since(awaited.delivery.at, at),
        }
        for awaited in responding.awaiting(staff(request), at)
    ]
    return _page(request, "admin/letters/awaiting.html", {"title": _("Awaiting a reply"), "rows": rows})


def reminder(request: HttpRequest, pk: int, addressee: int) -> HttpResponse:
    """A mail ready to be copied; nothing is sent from here."""
    letter = _convened(request, pk)
    at = timezone.now()
    awaited = next((one for one in responding.awaiting(staff(request), at) if one.addressee.pk == addressee), None)
    if awaited is None or awaited.letter.pk != letter.pk:
        get_object_or_404(letter.addressees, pk=addressee)
        messages.info(request, _("No reply is awaited from this addressee, so there is nothing to remind of."))
        return redirect("admin:letters_letter_awaiting")
    to = awaited.addressee
    subject, text = _reminder(letter, to, awaited.delivery)
    query = f"subject={quote(subject)}&body={quote(text)}"
    context = {
        "title": _("Draft a reminder"),
        "letter": letter,
        "addressee": to,
        "days": responding.days_since(awaited.delivery.at, at),
        "subject": subject,
        "text": text,
        "mailto": f"mailto:{quote(to.email, safe='@')}?{query}",
    }
    return _page(request, "admin/letters/reminder.html", context)


def _reminder(letter: Letter, to: Addressee, delivery: Delivery) -> tuple[str, str]:
    said = {
        "title": letter.title,
        "reference": letter.reference,
        "date": day(delivery.at),
        "addressee": to.honorific or to.holder or to.office,
        "organisations": ngettext("%(shown)s organisation", "%(shown)s organisations", delivery.count)
        % {"shown": figure(delivery.count)},
        "link": settings.SITE_URL + letter.get_absolute_url(),
        "coalition": SiteSettings.load().name,
    }
    subject = _("Reminder: “%(title)s” (%(reference)s)") % said
    text = (
        _(
            "%(addressee)s,\n\n"
            "On %(date)s you were sent the letter “%(title)s” (%(reference)s), signed by %(organisations)s. "
            "We have not received a reply yet.\n\n"
            "The letter and its signatories:\n%(link)s\n\n"
            "We would be glad to hear from you.\n\n"
            "%(coalition)s\n"
        )
        % said
    )
    return subject, text


def _convened(request: HttpRequest, pk: int) -> Letter:
    """A letter that is or was public: 404 for whoever holds no role on it, 403 without that of a convener."""
    held = Letter.objects.held_by(request.user, *LetterRole.Role.values)
    letter: Letter = get_object_or_404(held.filter(status__in=Letter.PUBLIC), pk=pk)
    if not CONVENER.allows(staff(request), letter):
        raise PermissionDenied
    return letter


def _sent(request: HttpRequest) -> tuple[Any, ...]:
    return (request.POST, request.FILES) if request.method == "POST" else ()


def _response_form(letter: Letter, at: datetime, response: Response, *sent: Any) -> OutcomeForm:
    # Read before the rest: what changes in between is then told as a change, and not overwritten.
    seen = responding.token(response)
    response.refresh_from_db()
    names = ["addressee", "kind", "dated_on", "language", "text", "is_published"]
    initial = {name: getattr(response, name) for name in names} | {"seen": seen}
    initial |= {f"verdict_{judged.demand}": judged.verdict for judged in response.assessments.all()}
    return ResponseForm(letter, at, list(response.attachments.all()), *sent, initial=initial)


def _update_form(letter: Letter, at: datetime, update: Update, *sent: Any) -> OutcomeForm:
    seen = responding.token(update)
    update.refresh_from_db()
    initial = {name: getattr(update, name) for name in ("dated_on", "language", "title", "body")} | {"seen": seen}
    return UpdateForm(letter, at, list(update.attachments.all()), *sent, initial=initial)


def _take(
    request: HttpRequest,
    letter: Letter,
    form: OutcomeForm,
    title: str,
    verb: Callable[..., Letter],
    at: datetime,
    form_of: Callable[..., OutcomeForm] | None = None,
    remove: str = "",
) -> HttpResponse:
    """Shows the form, or calls the verb; what the verb refuses stands above the form, with all that was typed.

    `form_of` makes the form of a correction anew, from what stands on record by then; `remove` is the address where it
    is taken off.
    """
    refusal, theirs, there = "", [], ""
    if request.method == "POST" and form.is_valid():
        try:
            verb(letter, by=staff(request), at=at, **form.said)
        except Changed as changed:
            assert form_of is not None  # only a correction can be overtaken
            refusal, now = str(changed), form_of()
            theirs = _theirs(now, form)
            form = form_of({**dict(request.POST.items()), "seen": now["seen"].value()}, request.FILES)
            unjudged(form)
        except responding.OnRecord as error:
            refusal, there = str(error), _url_of(letter, error.there)
        except NotAllowed as error:
            refusal = str(error)
        else:
            messages.success(request, _("On record. The public page shows it now."))
            return redirect("admin:letters_letter_outcome", letter.pk)
    failed = form.errors or refusal
    context = {"title": title, "letter": letter, "form": form, "refusal": refusal, "theirs": theirs}
    context |= {"there": there, "remove": remove}
    return _page(request, "admin/letters/outcome_form.html", context, status=422 if failed else 200)


def _remove(
    request: HttpRequest, letter: Letter, row: Response | Update, title: str, verb: Callable[..., Letter]
) -> HttpResponse:
    """Asks once more, and takes it off the record."""
    if request.method == "POST":
        try:
            verb(letter, by=staff(request), seen=request.POST.get("seen", ""))
        except Changed:
            messages.error(request, _("Somebody else changed this meanwhile, so nothing was removed. Look again."))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Taken off the record. The public page no longer shows it."))
        return redirect("admin:letters_letter_outcome", letter.pk)
    context = {"title": title, "letter": letter, "row": row, "seen": responding.token(row)}
    return _page(request, "admin/letters/outcome_remove.html", context)


def _url_of(letter: Letter, there: Response | Update) -> str:
    """Where it is corrected."""
    name = "correct_response" if isinstance(there, Response) else "correct_update"
    return reverse(f"admin:letters_letter_{name}", args=[letter.pk, there.pk])


def _theirs(now: OutcomeForm, typed: OutcomeForm) -> list[tuple[str, str]]:
    """Where what stands on record differs from what was typed: label, what stands."""
    found = []
    for name, field in now.fields.items():
        if name in ("attached", "seen") or name.startswith("remove_"):
            continue
        stored = now[name].value()
        if str(stored or "") != clean_text(str(typed[name].value() or "")):
            words: Any = {True: _("yes"), False: _("no")} if isinstance(field, forms.BooleanField) else {}
            words = field.choices if isinstance(field, forms.ChoiceField) else words
            found.append((str(field.label), str(dict(words).get(stored, stored) or "–")))
    return [*found, (_("Files"), "; ".join(kept.title for kept in now.kept) or "–")]


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {**admin.site.each_context(request), "opts": Letter._meta, **context}
    return TemplateResponse(request, template, context, status=status)


def _bounded_text(typed: str) -> str:
    text = clean_text(typed)
    if len(text) > LONGEST:
        raise forms.ValidationError(_("The text must be 50,000 characters or fewer"))
    return text
