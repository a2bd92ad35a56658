"""The desk: what its pages in the admin have in common, whoever's rows they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.models import User
from coalition.text import clean_text
from coalition.workflow import NotAllowed, Workflow, lock

M = TypeVar("M", bound=models.Model)
Words = str | Promise

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's own can't be subscripted at run time."""


class Desk(admin.AdminSite):
    """Django's admin, without the door that tells the address of any row to anybody who may enter."""

    def get_urls(self) -> list[Any]:
        return [entry for entry in super().get_urls() if getattr(entry, "name", "") != "view_on_site"]


class StepForm(forms.Form):
    """What a step needs to be told; its fields are named as the verb names them."""

    def __init__(self, subject: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject


class NoteForm(StepForm):
    """Words for the others at the desk."""

    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("For the desk only: it is never published or mailed"),
        required=False,
        max_length=2000,
        error_messages={
            "required": gettext_lazy("Write a note"),
            "max_length": gettext_lazy("The note must be 2,000 characters or fewer"),
        },
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean_note(self) -> str:
        return clean_text(self.cleaned_data["note"])


class NeededNoteForm(NoteForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].required = True


@dataclass(frozen=True)
class Verb:
    """A step that staff take: the word on its button, the word for its result, and what is asked before."""

    run: Callable[..., models.Model]
    label: Words
    done: Words
    form: Callable[[Any, Any], forms.Form] | None = None
    """Made of the row and what was posted; asked on a page of its own. Without one, the button acts at once."""
    effect: Words = ""
    """A sentence on that page: what will happen."""


class StaffSee:
    """Staff see the rows that the queryset gives them; nobody adds, changes or deletes one by hand."""

    view_on_site: Callable[[Any], str | None] | bool = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AdministratorsKeep:
    """Administrators add and change; nothing is deleted."""

    view_on_site: Callable[[Any], str | None] | bool = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active and request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ShownBelow(StaffSee, admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """Rows that belong to the one on the page, to be read only."""

    extra = 0
    can_delete = False


class DeskAdmin(StaffSee, ModelAdmin[M]):
    """A list, and a page for each row with a button for every step that is possible now. Only verbs change a status."""

    flow: Workflow[Any]
    #: The steps with a button, in the order of the buttons.
    verbs: dict[str, Verb]
    #: What the timeline calls each step, and what it calls its codes.
    told: dict[str, Words]
    codes: dict[str, Words] = {}
    change_form_template = "admin/page.html"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @property
    def media(self) -> forms.Media:
        """Without the script of pop-up windows: there are none here, and it asks for what our headers forbid."""
        scripts = super().media._js  # type: ignore[attr-defined]  # not in the stubs
        return forms.Media(js=[script for script in scripts if "RelatedObjectLookups" not in script])

    def get_urls(self) -> list[URLPattern]:
        step = self.admin_site.admin_view(self.step_view)
        return [path("<int:pk>/step/<slug:verb>/", step, name=f"{self._url_name}_step"), *super().get_urls()]

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M:
        """What this visitor may not see does not exist."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """No text on file holds a NUL, and Postgres takes none in a question."""
        if any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise IncorrectLookupParameters
        return super().get_changelist_instance(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        subject = self.get_object(request, unquote(object_id))
        context = {
            "title": str(subject),
            "subtitle": None,
            "buttons": self.buttons(request, subject),
            "status": getattr(subject, self.flow.status_field),
            "status_words": getattr(subject, f"get_{self.flow.status_field}_display")(),
            "seen": self.latest_step(subject),
            "events": self.timeline(request, subject),
            **self.context_of(request, subject),
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def step_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Asks what one step needs to be told, and takes it: a GET shows, only a POST changes anything."""
        subject = self.get_object(request, str(pk))
        if verb not in self.verbs:
            raise Http404
        if not self.flow.steps[verb].who.allows(staff(request), subject):
            raise PermissionDenied
        if request.method != "POST" and (refusal := self.why_not(verb, subject)):
            messages.warning(request, refusal)
            return redirect(self.url_of(subject))
        form = self.form_for(request, verb, subject)
        form.files = request.FILES
        if request.method == "POST" and form.is_valid():
            return self._taken(request, verb, subject, form)
        was = request.POST.get("was", getattr(subject, self.flow.status_field))
        seen = request.POST.get("seen", self.latest_step(subject))
        return self._asked(request, verb, subject, form, was, seen, status=422 if form.errors else 200)

    def _asked(
        self, request: HttpRequest, verb: str, subject: M, form: forms.Form, was: str, seen: str, status: int
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": self.verbs[verb].label,
            "verb": self.verbs[verb],
            "subject": subject,
            "was": was,
            "seen": seen,
            "form": form,
            "back": self.url_of(subject),
        }
        return TemplateResponse(request, "admin/step.html", context, status=status)

    def take(self, verb: str, subject: M, was: str, seen: str | None = None, **said: Any) -> str:
        """Takes a step if the row still is what it was when it was shown, and no step has followed the one `seen`
        as the latest. Returns the sentence of a refusal, or ""."""
        try:
            with transaction.atomic():
                self.prepare(subject)
                lock(subject, self.flow.above)
                if getattr(subject, self.flow.status_field) != was:
                    status = getattr(subject, f"get_{self.flow.status_field}_display")()
                    raise NotAllowed(_("Somebody changed this meanwhile: now it is “%(status)s”.") % {"status": status})
                if seen is not None and seen != self.latest_step(subject):
                    raise NotAllowed(self._since(subject, seen))
                self.verbs[verb].run(subject, **said)
        except NotAllowed as refusal:
            return str(refusal)
        return ""

    def latest_step(self, subject: Any) -> str:
        """Changes with every step of the row, also with those that leave its status."""
        return str(subject.events.order_by("-pk").values_list("pk", flat=True).first() or "")

    def why_not(self, verb: str, subject: M) -> str:
        """Why a step can't be taken with the row as it is, before anything is asked for it; "" if it can."""
        said = {"step": self.verbs[verb].label, "status": getattr(subject, f"get_{self.flow.status_field}_display")()}
        if getattr(subject, self.flow.status_field) not in self.flow.steps[verb].sources:
            return _("%(step)s: this can’t be done now, as the status is “%(status)s”.") % said
        return "" if self.makes_sense(verb, subject) else _("%(step)s: this can’t be done now.") % said

    def buttons(self, request: HttpRequest, subject: M) -> list[dict[str, Any]]:
        possible = {step.verb for step in self.flow.possible(subject, staff(request))}
        step_url = partial(reverse, f"admin:{self._url_name}_step")
        return [
            {"label": verb.label, "asks": verb.form is not None, "url": step_url(args=[subject.pk, name])}
            for name, verb in self.verbs.items()
            if name in possible and self.makes_sense(name, subject)
        ]

    def timeline(self, request: HttpRequest, subject: Any) -> list[dict[str, Any]]:
        """The steps so far, newest first."""
        with_notes = self.sees_notes(request, subject)
        return [
            {
                "what": self.told.get(event.verb, event.verb),
                "code": self.codes.get(event.code, event.code),
                "by": event.by,
                "at": event.at,
                "note": str(event.note) if with_notes and hasattr(event, "note") else "",
            }
            for event in subject.events.select_related("by", "note").order_by("-pk")
        ]

    # For each kind of page to say otherwise:

    def form_for(self, request: HttpRequest, verb: str, subject: M) -> forms.Form:
        """Its form as it was posted, or as it is asked."""
        return self.form_of(verb, subject, request.POST if request.method == "POST" else None)

    def form_of(self, verb: str, subject: M, data: Any) -> forms.Form:
        return (self.verbs[verb].form or StepForm)(subject, data)

    def makes_sense(self, verb: str, subject: M) -> bool:
        """Beyond what the table allows: whether the step could do anything with this row."""
        return True

    def context_of(self, request: HttpRequest, subject: M) -> dict[str, Any]:
        """What else the page shows."""
        return {}

    def sees_notes(self, request: HttpRequest, subject: M) -> bool:
        return True

    def prepare(self, subject: M) -> None:
        """Locks what must be locked before a step locks its own rows."""

    def url_after(self, request: HttpRequest, verb: str, subject: M) -> str:
        """Where the desk goes on when a step has been taken."""
        return self.url_of(subject)

    def url_of(self, subject: M) -> str:
        return reverse(f"admin:{self._url_name}_change", args=[subject.pk])

    def _taken(self, request: HttpRequest, verb: str, subject: M, form: forms.Form) -> HttpResponse:
        name, was, seen = str(subject), request.POST.get("was", ""), request.POST.get("seen")
        refusal = self.take(verb, subject, was, seen, by=staff(request), **form.cleaned_data)
        if refusal:
            messages.error(request, f"{name}: {refusal}")
            subject.refresh_from_db()
            is_as_it_was = getattr(subject, self.flow.status_field) == was and not self.why_not(verb, subject)
            if not is_as_it_was or not any(form.cleaned_data.values()):
                return redirect(self.url_of(subject))
            # What was typed stays, to be sent again when somebody has looked.
            return self._asked(request, verb, subject, form, was, self.latest_step(subject), status=409)
        link = format_html('<a href="{}">{}</a>', self.url_of(subject), str(subject))
        messages.success(request, format_html("{}: {}", link, self.verbs[verb].done))
        return redirect(self.url_after(request, verb, subject))

    def _since(self, subject: Any, seen: str) -> str:
        """What happened after the step that was seen as the latest."""
        events = subject.events.order_by("pk")
        if seen.isascii() and seen.isdigit() and len(seen) < 19:
            events = events.filter(pk__gt=seen)
        steps = dict.fromkeys(str(self.told.get(event.verb, event.verb)) for event in events)
        return _("This happened after the page was opened: %(steps)s. Look at it again before you go on.") % {
            "steps": ", ".join(steps)
        }

    @property
    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"


def staff(request: HttpRequest) -> User:
    """Who sits at the desk: its gate lets nobody else through."""
    assert isinstance(request.user, User)
    return request.user
