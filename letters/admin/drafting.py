"""A convener writes a letter: the draft's facts, its texts side by side, and the page as it will look."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Q
from django.forms.formsets import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict, flatatt
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from coalition import context, countries
from coalition.desk import DeskAdmin, staff
from coalition.languages import direction, endonym, parse_tag
from coalition.text import clean_line, clean_text, fits, has_hidden
from coalition.workflow import NotAllowed
from letters import drafting
from letters.admin.clock import LetterClock, zones
from letters.drafting import ADDRESSEE, WRITTEN, Changed, language_name
from letters.forms import Line
from letters.models import Letter, Text
from letters.roles import CONVENER
from letters.views import reading

Desk = DeskAdmin[Letter]

MOST_ADDRESSEES = 100
EMPTY_ROWS = 2
LONGEST_BODY = 60_000
MOST_LANGUAGES = 30
_NUMBERED = re.compile(r"([0-9]{1,3})[.)]\s+")


class Lines(forms.CharField):
    """Text of several lines, cleaned before it is judged."""

    def __init__(self, *, most: int, too_long: Any, rows: int, **kwargs: Any) -> None:
        super().__init__(strip=False, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
        self.most, self.error_messages["too_long"] = most, too_long

    def to_python(self, value: Any) -> str:
        text = clean_text(super().to_python(value) or "")
        if not fits(text, self.most):
            raise forms.ValidationError(self.error_messages["too_long"])
        return text


class LongSelect(forms.Select):
    """One of hundreds, written at once where Django's own takes a template for each."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = ((key, " selected" if str(key) == str(value or "") else "", label) for key, label in self.choices)
        options = format_html_join("\n", '<option value="{}"{}>{}</option>', rows)
        own = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(own), options)


def _choose(label: Any, choices: Any, sentence: Any, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, error_messages=dict.fromkeys(["required", "invalid_choice"], sentence), **kwargs
    )


class NameForm(forms.Form):
    """How a letter is called: its reference and its address, each of one letter only."""

    reference = Line(
        label=gettext_lazy("Reference"),
        max_length=40,
        too_long=gettext_lazy("The reference must be 40 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter a reference")},
    )
    slug = forms.RegexField(
        "^[a-z0-9]+(-[a-z0-9]+)*$",
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("The last part of its address on the web, for example river-data"),
        max_length=80,
        error_messages={
            "required": gettext_lazy("Enter an address"),
            "invalid": gettext_lazy(
                "Use small letters from a to z, figures and single hyphens, for example river-data"
            ),
            "max_length": gettext_lazy("The address must be 80 characters or fewer"),
        },
    )

    def __init__(self, own: Letter | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.own = own
        self.fields["slug"].widget.attrs.update(dir="ltr", spellcheck="false", autocapitalize="none")
        self.fields["slug"].widget.attrs.pop("maxlength", None)

    def clean_reference(self) -> str:
        return self._unused("reference", _("Another letter has this reference"))

    def clean_slug(self) -> str:
        return self._unused("slug", _("Another letter has this address"))

    def _unused(self, name: str, sentence: str) -> str:
        value: str = self.cleaned_data[name]
        others = Letter.objects.exclude(pk=self.own.pk) if self.own else Letter.objects.all()
        if others.filter(**{name: value}).exists():
            raise forms.ValidationError(sentence)
        return value

    @property
    def summary(self) -> list[tuple[str, str]]:
        return summary(self)


class LanguageField(forms.CharField):
    """One BCP 47 tag of a language that we know."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs.update(dir="ltr", spellcheck="false", autocapitalize="none")

    def clean(self, value: Any) -> str:
        try:
            return parse_tag(clean_line(str(value or "")))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class StartForm(NameForm):
    kind = _choose(gettext_lazy("Kind"), Letter.Kind.choices, gettext_lazy("Choose a kind"))
    language = LanguageField(
        label=gettext_lazy("Authoritative language"),
        help_text=gettext_lazy("Its tag, for example en, pt-BR or zh-Hant. This text counts where translations differ"),
    )
    title = Line(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("In that language. It can be changed until the letter is opened"),
        max_length=300,
        too_long=gettext_lazy("The title must be 300 characters or fewer"),
        error_messages={"required": gettext_lazy("Write a title")},
    )


class DraftForm(NameForm):
    """All facts of a draft but its addressees; `facts` is what a valid form means."""

    kind = _choose(gettext_lazy("Kind"), Letter.Kind.choices, gettext_lazy("Choose a kind"))
    authoritative_language = LanguageField(
        label=gettext_lazy("Authoritative language"),
        help_text=gettext_lazy("Its tag, for example en, pt-BR or zh-Hant. This text counts where translations differ"),
    )
    dated_on = forms.DateField(
        label=gettext_lazy("Date of the letter"),
        required=False,
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": gettext_lazy("Enter a day like 2026-11-24")},
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    date_precision = _choose(
        gettext_lazy("Of that date, print"),
        Letter.Precision.choices,
        gettext_lazy("Choose how much of the date is known"),
    )
    topics = forms.CharField(
        label=gettext_lazy("Topics"),
        help_text=gettext_lazy("One on each line"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    supersedes = _choose(gettext_lazy("Supersedes"), (), gettext_lazy("Choose a letter from the list"), required=False)
    time_zone = _choose(
        gettext_lazy("Time zone"),
        (),
        gettext_lazy("Choose a time zone from the list"),
        help_text=gettext_lazy("Every time on this page is by the clock there"),
        widget=LongSelect,
    )
    closes_at = LetterClock(label=gettext_lazy("Closes at"), required=False)
    confirmation_grace = forms.IntegerField(
        label=gettext_lazy("Grace for confirmations, in minutes"),
        help_text=gettext_lazy("Who sent the form before the deadline may confirm so much later"),
        min_value=0,
        max_value=10_080,
        error_messages=dict.fromkeys(
            ["required", "invalid", "min_value", "max_value"],
            gettext_lazy("Enter a number of minutes from 0 to 10080, which is a week"),
        ),
    )
    late_until = LetterClock(
        label=gettext_lazy("Late signatures until"),
        help_text=gettext_lazy("Empty: none are taken after the deadline"),
        required=False,
    )
    audience = _choose(
        gettext_lazy("Who may see it"), Letter.Audience.choices, gettext_lazy("Choose who may see the letter")
    )
    public_from = LetterClock(
        label=gettext_lazy("Public from"),
        help_text=gettext_lazy("The end of the embargo. Empty: as soon as it is open"),
        required=False,
    )
    eligibility = _choose(
        gettext_lazy("Who may sign"),
        Letter.Eligibility.choices,
        gettext_lazy("Choose who may sign"),
        widget=forms.RadioSelect,
    )
    withheld_names = _choose(
        gettext_lazy("Withheld names"),
        Letter.Withheld.choices,
        gettext_lazy("Choose whether names may be withheld"),
        widget=forms.RadioSelect,
    )
    withdrawal = _choose(
        gettext_lazy("Withdrawal"),
        Letter.Withdrawal.choices,
        gettext_lazy("Choose what a withdrawal does"),
        widget=forms.RadioSelect,
    )
    list_order = _choose(
        gettext_lazy("Order of the list"),
        Letter.Order.choices,
        gettext_lazy("Choose the order of the list"),
        widget=forms.RadioSelect,
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    #: The parts of the page, each with its heading.
    PARTS = (
        (gettext_lazy("What it is"), (
            "reference", "slug", "kind", "authoritative_language", "dated_on", "date_precision", "topics", "supersedes",
        )),
        (gettext_lazy("Its clock"), (
            "time_zone", "closes_at", "confirmation_grace", "late_until", "audience", "public_from",
        )),
        (gettext_lazy("Its rules"), ("eligibility", "withheld_names", "withdrawal", "list_order")),
    )  # fmt: skip

    def __init__(self, letter: Letter, user: Any, data: Any = None) -> None:
        super().__init__(letter, data)
        self.letter = letter
        known = zones() if letter.time_zone in zones() else (letter.time_zone, *zones())
        self._choices("time_zone", [(zone, zone) for zone in known])
        self._choices("supersedes", [("", "–"), *((str(other.pk), str(other)) for other in _others(letter, user))])
        typed = str(self.data.get("time_zone", "")) if self.is_bound else letter.time_zone
        zone = zoneinfo.ZoneInfo(typed if typed in known else letter.time_zone)
        for name, field in self.fields.items():
            if isinstance(field, LetterClock):
                field.set_to(zone, getattr(letter, name))
        self.initial = {name: getattr(letter, name, None) for name in self.fields} | {
            "topics": "\n".join(letter.topics),
            "supersedes": str(letter.supersedes_id or ""),
            "confirmation_grace": int(letter.confirmation_grace.total_seconds()) // 60,
            "seen": drafting.facts_token(letter),
        }

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean_topics(self) -> list[str]:
        """Each once, in the order typed."""
        topics = list(dict.fromkeys(filter(None, map(clean_line, self.cleaned_data["topics"].splitlines()))))
        if len(topics) > 20 or not all(fits(topic, 60) for topic in topics):
            raise forms.ValidationError(_("Enter at most 20 topics, each of 60 characters or fewer"))
        return topics

    def clean_supersedes(self) -> Letter | None:
        pk = self.cleaned_data["supersedes"]
        other = Letter.objects.get(pk=pk) if pk else None
        if drafting.supersedes_itself(self.letter, other):
            raise forms.ValidationError(_("That letter already supersedes this one, directly or through others"))
        return other

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        closes_at, late_until = data.get("closes_at"), data.get("late_until")
        if late_until and closes_at and late_until < closes_at:
            self.add_error("late_until", _("Late signatures can’t end before the deadline"))
        elif late_until and not closes_at and "closes_at" not in self.errors:
            self.add_error("late_until", _("Set a deadline first: late signatures come after it"))
        if data.get("list_order") == Letter.Order.SIGNED and data.get("withheld_names") == Letter.Withheld.ALLOWED:
            self.add_error("list_order", _("The order of signing is possible only where every name is published"))
        return data

    @property
    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(heading, [self[name] for name in names]) for heading, names in self.PARTS]

    @property
    def facts(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.cleaned_data.items() if name != "seen"}
        minutes = kept["confirmation_grace"]
        if minutes == self.initial["confirmation_grace"]:
            return kept | {"confirmation_grace": self.letter.confirmation_grace}
        return kept | {"confirmation_grace": timedelta(minutes=minutes)}


class AddresseeForm(forms.Form):
    honorific = Line(
        label=gettext_lazy("Honorific"),
        required=False,
        max_length=80,
        too_long=gettext_lazy("The honorific must be 80 characters or fewer"),
    )
    holder = Line(
        label=gettext_lazy("Name of the holder"),
        required=False,
        max_length=200,
        too_long=gettext_lazy("The name must be 200 characters or fewer"),
    )
    office = Line(
        label=gettext_lazy("Office"),
        max_length=300,
        too_long=gettext_lazy("The office must be 300 characters or fewer"),
        error_messages={"required": gettext_lazy("Enter the office, or tick Remove")},
    )
    body = Line(
        label=gettext_lazy("Body"),
        required=False,
        max_length=200,
        too_long=gettext_lazy("The body must be 200 characters or fewer"),
    )
    country = _choose(gettext_lazy("Country"), (), gettext_lazy("Select a country"), required=False, widget=LongSelect)
    email = Line(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy("Never published"),
        required=False,
        max_length=254,
        too_long=gettext_lazy("Enter an email address with a domain, like name@organisation.org"),
        widget=forms.TextInput(attrs={"type": "email", "dir": "ltr", "autocomplete": "off"}),
    )
    is_copied = forms.BooleanField(label=gettext_lazy("Gets a copy only (cc)"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "–"), *countries.choices(get_language() or "en")]
        self.fields["country"].choices = choices  # type: ignore[attr-defined]

    def clean_email(self) -> str:
        value: str = self.cleaned_data["email"]
        if value:
            try:
                checked = validate_email(value, check_deliverability=False, allow_smtputf8=False)
            except EmailNotValidError:
                checked = None
            if checked is None or "." not in checked.domain:
                raise forms.ValidationError(_("Enter an email address with a domain, like name@organisation.org"))
        return value


class AddresseeRows(BaseFormSet):  # type: ignore[type-arg]  # not generic at run time
    """The addressees in their order; rows left empty do not count."""

    default_error_messages = {
        **BaseFormSet.default_error_messages,
        "missing_management_form": gettext_lazy("The list of addressees came incomplete. Open the page again"),
        "too_many_forms": gettext_lazy("Name at most 100 addressees"),
    }

    def add_fields(self, form: AddresseeForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = _("Place in the list")
        form.fields["ORDER"].error_messages["invalid"] = _("Enter the place as a whole number")
        form.fields["DELETE"].label = _("Remove")

    @property
    def addressees(self) -> list[dict[str, Any]]:
        return [{name: form.cleaned_data[name] for name in ADDRESSEE} for form in self.ordered_forms]

    @property
    def summary(self) -> list[tuple[str, str]]:
        found = [("addressees", str(error)) for error in self.non_form_errors()]
        for number, form in enumerate(self.forms, 1):
            if form.errors:
                said = _("Addressee %(number)s: %(sentence)s")
                found += [(id, said % {"number": number, "sentence": sentence}) for id, sentence in summary(form)]
        return found


Rows: Any = formset_factory(
    AddresseeForm,
    formset=AddresseeRows,
    extra=EMPTY_ROWS,
    can_order=True,
    can_delete=True,
    max_num=MOST_ADDRESSEES,
    validate_max=True,
    absolute_max=MOST_ADDRESSEES + 1,
)


class TextForm(forms.Form):
    """The words of a letter in one language; only the leading text must have a title at once."""

    title = Line(
        label=gettext_lazy("Title"),
        max_length=300,
        too_long=gettext_lazy("The title must be 300 characters or fewer"),
        error_messages={"required": gettext_lazy("Write a title")},
    )
    summary = Lines(
        label=gettext_lazy("Summary"),
        help_text=gettext_lazy("A sentence or two, for lists and search engines"),
        required=False,
        most=2000,
        too_long=gettext_lazy("The summary must be 2,000 characters or fewer"),
        rows=3,
    )
    salutation = Line(
        label=gettext_lazy("Salutation"),
        required=False,
        max_length=300,
        too_long=gettext_lazy("The salutation must be 300 characters or fewer"),
    )
    body = Lines(
        label=gettext_lazy("Body"),
        help_text=gettext_lazy(
            "Markdown: an empty line between paragraphs, **bold**, *italic*, [words](https://address)"
        ),
        required=False,
        most=LONGEST_BODY,
        too_long=gettext_lazy("The body must be 60,000 characters or fewer"),
        rows=18,
    )
    demands = Lines(
        label=gettext_lazy("Demands"),
        help_text=gettext_lazy("An empty line between one and the next. They are numbered 1, 2, 3 by themselves"),
        required=False,
        most=LONGEST_BODY,
        too_long=gettext_lazy("The demands must be 60,000 characters or fewer"),
        rows=8,
    )
    closing = Lines(
        label=gettext_lazy("Closing"),
        required=False,
        most=2000,
        too_long=gettext_lazy("The closing must be 2,000 characters or fewer"),
        rows=3,
    )

    def __init__(self, language: str, text: Text | None, *, leads: bool, data: Any = None) -> None:
        words = {name: getattr(text, name) for name in WRITTEN} if text else {}
        words |= {name: words[name].strip() for name in ("title", "body") if text}
        words |= {"demands": "\n\n".join(words["demands"])} if text else {}
        super().__init__(data, prefix=f"text-{language}", initial=words)
        self.language, self.leads, self.is_stored = language, leads, text is not None
        self.fields["title"].required = leads
        for field in self.fields.values():
            field.widget.attrs |= {"lang": language, "dir": direction(language)}

    def clean_demands(self) -> list[str]:
        """One for each block; numbers typed in front of all of them, in order, are not repeated."""
        blocks = [block.strip() for block in re.split(r"\n[ \u00a0]*\n", self.cleaned_data["demands"])]
        blocks = [block for block in blocks if block]
        numbers = [_NUMBERED.match(block) for block in blocks]
        if all(found and int(found[1]) == place for place, found in enumerate(numbers, 1)):
            blocks = [_NUMBERED.sub("", block, count=1) for block in blocks]
        if len(blocks) > 100:
            raise forms.ValidationError(_("Write at most 100 demands"))
        return blocks

    @property
    def language_name(self) -> str:
        return language_name(self.language)

    @property
    def own_name(self) -> str:
        return endonym(self.language)

    @property
    def is_blank(self) -> bool:
        return not any(self.cleaned_data.values())

    @property
    def hidden_in(self) -> list[str]:
        """The fields in which invisible characters were typed, which cleaning takes out."""
        return [str(self[name].label) for name in self.fields if has_hidden(str(self[name].value() or ""))]


def start(desk: Desk, request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """A new letter; from another one, where there is a `pk`."""
    source = desk.get_object(request, str(pk)) if pk is not None else None
    by = staff(request)
    if not drafting.may_start(by, source):
        raise PermissionDenied
    data = request.POST if request.method == "POST" else None
    initial = {"reference": drafting.next_reference(timezone.now()), "language": "en"}
    form = NameForm(None, data, initial=initial) if source else StartForm(None, data, initial=initial)
    if data is not None and form.is_valid():
        try:
            letter = drafting.draft(source, by=by, **form.cleaned_data)
        except (NotAllowed, IntegrityError) as refusal:
            form.add_error(None, _taken(refusal))
        else:
            messages.success(request, _("Started. You are its convener."))
            return redirect("admin:letters_letter_change", letter.pk)
    title = _("Start a new letter from this one") if source else _("Start a letter")
    about = {**admin.site.each_context(request), "opts": desk.opts, "title": title, "source": source, "form": form}
    return TemplateResponse(request, "admin/letters/start.html", about, status=422 if form.errors else 200)


def edit(desk: Desk, request: HttpRequest, letter: Letter) -> HttpResponse:
    """The page of a draft for its conveners, on which all its facts can be changed."""
    data = _with_more_rows(request.POST) if request.method == "POST" else None
    form = DraftForm(letter, request.user, data)
    rows = Rows(data, prefix="addressee", initial=_initial_rows(letter))
    refusal, theirs = "", []
    if data is not None and "more" in data:
        _unjudged(form, *rows.forms)
    elif data is not None and form.is_valid() & rows.is_valid():
        try:
            drafting.save_facts(letter, form.facts, rows.addressees, seen=form.cleaned_data["seen"])
        except Changed as changed:
            refusal, theirs = str(changed), _their_facts(letter, form, request.user)
            form = _seen_now(form, drafting.facts_token(letter))
        except (NotAllowed, IntegrityError) as error:
            refusal = _taken(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("admin:letters_letter_change", letter.pk)
    errors = [] if data is None or "more" in data else [*form.summary, *rows.summary]
    letter = Letter.objects.get(pk=letter.pk)
    about = {
        **admin.site.each_context(request),
        "opts": desk.opts,
        "original": letter,
        "letter": letter,
        "buttons": desk.buttons(request, letter),
        "status": letter.status,
        "status_words": letter.get_status_display(),
        "events": desk.timeline(request, letter),
        "roles": letter.roles.select_related("user").order_by("role", "user__name"),
        "missing": drafting.missing(letter, timezone.now()) if letter.status == Letter.Status.DRAFT else [],
        "form": form,
        "rows": rows,
        "errors": errors,
        "refusal": refusal,
        "theirs": theirs,
        **desk.context_of(request, letter),
    }
    return TemplateResponse(request, "admin/letters/draft.html", about, status=422 if errors or refusal else 200)


def texts(desk: Desk, request: HttpRequest, pk: int) -> HttpResponse:
    """The texts of the version that is being written, side by side."""
    letter = _conveners(desk, request, pk)
    version = drafting.unsealed(letter)
    is_posted = request.method == "POST"
    if version is None and not is_posted and letter.status != Letter.Status.DRAFT:
        messages.error(request, _("There is no text to write: the one in force is sealed."))
        return redirect("admin:letters_letter_change", letter.pk)
    data = request.POST if is_posted else None
    written = {text.language: text for text in version.texts.all()} if version else {}
    columns, sentence = _columns(letter, written, data, request.GET.get("add", ""))
    columns_of_texts = [
        TextForm(tag, written.get(tag), leads=tag == letter.authoritative_language, data=data) for tag in columns
    ]
    refusal, theirs = "", []
    seen = str(data.get("seen", "")) if data is not None else drafting.texts_token(letter)
    if data is not None and "add" in data:
        _unjudged(*columns_of_texts)
    elif data is not None and _all_valid(columns_of_texts) and not sentence:
        kept = {
            form.language: form.cleaned_data
            for form in columns_of_texts
            if form.is_stored or form.leads or not form.is_blank
        }
        try:
            drafting.save_texts(letter, kept, seen=seen)
        except Changed as changed:
            refusal, theirs = str(changed), _their_words(letter, columns_of_texts)
            seen = drafting.texts_token(letter)
        except NotAllowed as error:
            refusal = str(error)
        else:
            _say_saved(request, columns_of_texts)
            here = reverse("admin:letters_letter_texts", args=[letter.pk])
            is_left = data.get("new_language") and columns[-1] not in kept
            return redirect(f"{here}?add={columns[-1]}" if is_left else here)
    errors = [
        (id, f"{form.language_name}: {words}")
        for form in columns_of_texts
        if data is not None and "add" not in data
        for id, words in summary(form)
    ]
    about = {
        **admin.site.each_context(request),
        "opts": desk.opts,
        "title": _("Write the texts"),
        "letter": letter,
        "version": version,
        "columns": columns_of_texts,
        "gaps": drafting.gaps(letter, written),
        "seen": seen,
        "errors": [*errors, *([("id_new_language", sentence)] if sentence else [])],
        "add_sentence": sentence,
        "new_language": str(data.get("new_language", "")) if data is not None and sentence else "",
        "refusal": refusal,
        "theirs": theirs,
    }
    failed = errors or refusal or sentence
    return TemplateResponse(request, "admin/letters/texts.html", about, status=422 if failed else 200)


def remove(desk: Desk, request: HttpRequest, pk: int, language: str) -> HttpResponse:
    """Asks once more, and takes a language out."""
    letter = _conveners(desk, request, pk)
    version = drafting.unsealed(letter)
    text = version.texts.filter(language=language).first() if version else None
    if request.method == "POST":
        try:
            drafting.remove_text(letter, language, seen=request.POST.get("seen", ""))
        except Changed:
            messages.error(request, _("Somebody else changed the texts meanwhile, so nothing was removed. Look again."))
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Removed: %(language)s.") % {"language": language_name(language)})
        return redirect("admin:letters_letter_texts", letter.pk)
    if text is None or language == letter.authoritative_language:
        raise Http404
    about = {
        **admin.site.each_context(request),
        "opts": desk.opts,
        "title": _("Remove a language"),
        "letter": letter,
        "text": text,
        "language": language_name(language),
        "seen": drafting.texts_token(letter),
    }
    return TemplateResponse(request, "admin/letters/text_remove.html", about)


def preview(desk: Desk, request: HttpRequest, pk: int) -> HttpResponse:
    """The public page as it will be with the text that is being written, or as it is, for those with a role."""
    letter, at = desk.get_object(request, str(pk)), timezone.now()
    version = drafting.unsealed(letter)
    if version is None and letter.is_public(at):
        return redirect(letter.get_absolute_url())
    if version is not None:
        # The page shows the version as it will be sealed; these rows are never saved.
        version.digest, version.sealed_at = version.compute_digest(), at
        vars(letter)["version"] = version
    all_texts = letter.texts
    language = request.GET.get("text", "") or letter.authoritative_language
    text = all_texts.get(language)
    about: dict[str, Any] = {
        "letter": letter,
        "text": text,
        "language": language_name(language) if text or _is_known(language) else language,
        "languages": [(tag, language_name(tag), tag == language) for tag in all_texts],
        "is_sealed": version is None,
        "is_written": text is not None and drafting.is_written(text),
        "back": desk.url_of(letter),
        "missing": drafting.missing(letter, at) if letter.status == Letter.Status.DRAFT else [],
        "site": context.site()["site"],
    }
    ui = language.lower() if language.lower() in dict(settings.LANGUAGES) else get_language() or "en"
    if text is None or not about["is_written"]:
        about |= {**admin.site.each_context(request), "title": _("Preview"), "opts": desk.opts}
        response = render(request, "admin/letters/preview_missing.html", about)
    else:
        with translation.override(ui):
            response = render(
                request, "admin/letters/preview.html", {**context.site(), **about, **_as_public(letter, text, at)}
            )
    response["X-Robots-Tag"] = "noindex"
    return response


def _as_public(letter: Letter, text: Text, at: datetime) -> dict[str, Any]:
    """What the public page shows; its links to sign lead to the sentence that nobody can sign here."""
    # With one text the page shows no choice of languages, whose links would lead to public addresses.
    vars(letter)["texts"] = {text.language: text}
    about = reading.page_of(letter, text, at)
    if letter.status == Letter.Status.DRAFT and letter.closes_at and at < letter.closes_at:
        about |= {"stage": "open", "is_open": True, "accepts": True}
    return about | {"sign_url": "#preview", "is_untranslated": False, "is_preview": True}


def summary(form: forms.Form) -> list[tuple[str, str]]:
    """The errors for the summary above a form: id of the field, sentence."""
    at_fields = [(form[name].auto_id, str(error)) for name in form.fields for error in form.errors.get(name, [])]
    return [("main", str(error)) for error in form.non_field_errors()] + at_fields


def _others(letter: Letter, user: Any) -> Iterable[Letter]:
    """What this letter may supersede: what is public or one has a role on, and what it supersedes now."""
    visible = Letter.objects.visible_to(user, timezone.now()).values("pk")
    choice = Letter.objects.filter(Q(pk__in=visible) | Q(pk=letter.supersedes_id))
    return choice.exclude(pk=letter.pk).order_by("-pk")


def _initial_rows(letter: Letter) -> list[dict[str, Any]]:
    return [{name: getattr(addressee, name) for name in ADDRESSEE} for addressee in letter.addressees.order_by("order")]


def _with_more_rows(posted: QueryDict) -> QueryDict:
    """What was typed, with empty rows more if that was asked for."""
    total = posted.get("addressee-TOTAL_FORMS", "")
    if "more" not in posted or not (total.isascii() and total.isdigit() and len(total) < 4):
        return posted
    data = posted.copy()
    data["addressee-TOTAL_FORMS"] = str(min(int(total) + EMPTY_ROWS, MOST_ADDRESSEES))
    return data


def _all_valid(shown: list[TextForm]) -> bool:
    """Judges each of them, whether or not one before failed."""
    return not [form for form in shown if not form.is_valid()]


def _unjudged(*shown: forms.Form) -> None:
    """What was typed stays, without errors."""
    for form in shown:
        vars(form).update(_errors=ErrorDict(), cleaned_data={})


def _seen_now(form: DraftForm, token: str) -> DraftForm:
    """The same form, for a person who has now been told what somebody else did."""
    data = dict(form.data.items()) | {"seen": token}
    again = DraftForm(form.letter, None, data)
    again.fields["supersedes"] = form.fields["supersedes"]
    _unjudged(again)
    return again


def _their_facts(letter: Letter, form: DraftForm, user: Any) -> list[tuple[str, str]]:
    """Where the stored facts differ from what was typed: label, what stands now."""
    now = DraftForm(letter, user)
    found = []
    for name, field in now.fields.items():
        stored = now[name].value()
        if name != "seen" and str(stored or "") != str(form[name].value() or ""):
            choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
            shown = dict(choices).get(stored, stored)
            found.append((str(field.label), str(shown or "–")))
    return [*found, (_("Addressees"), "; ".join(map(str, letter.addressees.order_by("order"))) or "–")]


def _their_words(letter: Letter, shown: list[TextForm]) -> list[tuple[str, str]]:
    version = drafting.unsealed(letter)
    written = {text.language: text for text in version.texts.all()} if version else {}
    found = []
    for tag, text in written.items():
        now = TextForm(tag, text, leads=False)
        mine = next((form for form in shown if form.language == tag), None)
        for name in WRITTEN:
            stored = str(now[name].value() or "")
            if mine is None or clean_text(str(mine[name].value() or "")) != stored:
                found.append((f"{language_name(tag)}: {now[name].label}", stored or "–"))
    return found


def _conveners(desk: Desk, request: HttpRequest, pk: int) -> Letter:
    letter = desk.get_object(request, str(pk))
    if not CONVENER.allows(staff(request), letter):
        raise PermissionDenied
    return letter


def _columns(letter: Letter, written: dict[str, Text], data: QueryDict | None, added: str) -> tuple[list[str], str]:
    """The languages of the page, the authoritative one first, and what was wrong with the one to be added."""
    posted = [tag for tag in data.getlist("column") if _is_known(tag)] if data is not None else sorted(written)
    columns = list(dict.fromkeys([letter.authoritative_language, *posted]))[:MOST_LANGUAGES]
    typed = clean_line(data.get("new_language", "") if data is not None else added)
    if not typed and (data is None or "add" not in data):
        return columns, ""
    try:
        tag = parse_tag(typed)
    except ValueError as error:
        return columns, str(error)
    if tag in columns:
        return columns, _("This language is here already: %(language)s.") % {"language": language_name(tag)}
    if len(columns) == MOST_LANGUAGES:
        return columns, _("A letter has at most 30 languages.")
    return [*columns, tag], ""


def _is_known(tag: str) -> bool:
    try:
        return parse_tag(tag) == tag
    except ValueError:
        return False


def _say_saved(request: HttpRequest, saved: list[TextForm]) -> None:
    messages.success(request, _("Saved."))
    hidden = [f"{form.language_name} ({', '.join(form.hidden_in)})" for form in saved if form.hidden_in]
    if hidden:
        messages.warning(request, _("Invisible characters were taken out: %(where)s.") % {"where": "; ".join(hidden)})


def _taken(refusal: Exception) -> str:
    if isinstance(refusal, NotAllowed):
        return str(refusal)
    return _("Another letter has got this reference or this address meanwhile.")


def may_write(letter: Letter, user: Any) -> bool:
    """Whether there is a text for this person to write."""
    is_there = letter.status == Letter.Status.DRAFT or drafting.unsealed(letter) is not None
    return is_there and CONVENER.allows(user, letter)


def links(letter: Letter, user: Any) -> list[tuple[str, Any]]:
    """What can be done with the words of a letter, as links on its page."""
    found: list[tuple[str, Any]] = []
    if may_write(letter, user):
        found.append((reverse("admin:letters_letter_texts", args=[letter.pk]), gettext_lazy("Write the texts")))
    if drafting.unsealed(letter) is not None or not letter.is_public(timezone.now()):
        found.append((reverse("admin:letters_letter_preview", args=[letter.pk]), gettext_lazy("Preview")))
    if letter.roles.filter(user=user).exists() or user.is_superuser:
        again = reverse("admin:letters_letter_start_from", args=[letter.pk])
        found.append((again, gettext_lazy("Start a new letter from this one")))
    return found
