"""Endorsements at the desk: the list of those that wait, and the page on which one is decided."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import DeskAdmin, NoteForm, StepForm, Verb, staff
from coalition.fields import email_digest
from letters import endorsing
from letters.admin import bulk, recording
from letters.admin.forms import AskForm, RejectForm
from letters.admin.queue import ORDER, LetterFilter, Queue, QueueFilter, VisibilityFilter, waited
from letters.admin.signals import CAME_WITH_IT, like, signals
from letters.admin.signals.address import proof
from letters.admin.signals.asked import with_signals
from letters.admin.signals.signal import ODD, Signal, in_order
from letters.forms import LowerForm
from letters.models import Endorsement, Letter, LetterRole, Representative
from letters.roles import MODERATOR
from signatories import logos, matching, merging
from signatories.matching import Candidate, Level
from signatories.models import Domain, Organisation, OrganisationName
from signatories.names import normalise
from signatories.suspicion import as_drawn
from signatories.vetting import registrable_domain

Status = Endorsement.Status


@admin.register(Endorsement)
class EndorsementAdmin(DeskAdmin[Endorsement]):
    """Moderators decide; conveners and observers of a letter look on."""

    flow = endorsing.flow
    verbs = {
        "approve": Verb(endorsing.approve, gettext_lazy("Approve"), gettext_lazy("approved")),
        "ask": Verb(
            endorsing.ask,
            gettext_lazy("Ask"),
            gettext_lazy("asked"),
            AskForm,
            gettext_lazy("The answer comes back to the queue."),
        ),
        "hold": Verb(
            endorsing.hold,
            gettext_lazy("Hold"),
            gettext_lazy("held"),
            NoteForm,
            gettext_lazy("Set aside. Nobody is told, and its signer sees nothing different."),
        ),
        "release": Verb(endorsing.release, gettext_lazy("Release"), gettext_lazy("released")),
        "reject": Verb(endorsing.reject, gettext_lazy("Reject"), gettext_lazy("rejected"), RejectForm),
        "undo": Verb(endorsing.undo, gettext_lazy("Undo"), gettext_lazy("undone")),
        "lower": Verb(
            endorsing.lower,
            gettext_lazy("Show less of it"),
            gettext_lazy("now shows less"),
            LowerForm,
            gettext_lazy("It takes effect at once, everywhere. Only the signer can take it back."),
        ),
        "remove_for_safety": Verb(
            endorsing.remove_for_safety,
            gettext_lazy("Remove for safety"),
            gettext_lazy("removed for good"),
            StepForm,
            gettext_lazy(
                "Name, organisation, contact and logo are deleted for good, here and in public. It can’t be undone."
            ),
        ),
    }
    told = {
        "submit": gettext_lazy("Signed on"),
        "resend": gettext_lazy("Asked for the link again"),
        "record": gettext_lazy("Recorded at the desk"),
        "confirm": gettext_lazy("Confirmed by the representative"),
        "confirm_held": gettext_lazy("Confirmed by the representative, while held"),
        "answer_held": gettext_lazy("Answered by the representative, while held"),
        "expire": gettext_lazy("Expired: nobody confirmed in time"),
        "ask": gettext_lazy("Question asked"),
        "answer": gettext_lazy("Answered by the representative"),
        "approve": gettext_lazy("Approved"),
        "hold": gettext_lazy("Held"),
        "release": gettext_lazy("Released"),
        "reject": gettext_lazy("Rejected"),
        "lower": gettext_lazy("Visibility lowered"),
        "subscribe": gettext_lazy("Asked to hear what comes of the letter"),
        "unsubscribe": gettext_lazy("Asked to hear no more of the letter"),
        "reconsent": gettext_lazy("Kept by the representative after the letter changed"),
        "lapse": gettext_lazy("Ended: not renewed after the letter changed"),
        "withdraw": gettext_lazy("Withdrawn by the representative"),
        "remove_for_safety": gettext_lazy("Removed for safety"),
        "fold": gettext_lazy("Folded: the organisation had signed twice, as two entries that were merged"),
        "unfold": gettext_lazy("Stands for itself again: the merge was undone"),
        "move": gettext_lazy("Moved to another entry of the register, with a merge"),
        "undo": gettext_lazy("Undone"),
    }
    codes = {
        **dict(Endorsement.Reason.choices),
        "flood": CAME_WITH_IT["flood"],
        endorsing.SIGNED_ANEW: gettext_lazy("The organisation has signed the changed letter anew."),
        "not_me": gettext_lazy("The owner of the mailbox never signed."),
    }
    list_display = ["printed_name"]
    list_filter = [QueueFilter, LetterFilter, VisibilityFilter]
    ordering = ORDER
    change_list_template = "admin/letters/queue.html"
    change_form_template = "admin/letters/review.html"
    fields = ()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("bulk/<slug:verb>/", view(partial(bulk.act, self)), name="letters_endorsement_bulk"),
            path("record/", view(recording.choose_letter), name="letters_endorsement_record_choose"),
            path("record/<int:pk>/", view(recording.record), name="letters_endorsement_record"),
            path("<int:pk>/logo.png", view(self.logo_view), name="letters_endorsement_logo"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endorsement]:
        moderated = Letter.objects.held_by(request.user, LetterRole.Role.MODERATOR)
        seen = with_signals(Endorsement.objects.seen_by(request.user), moderated)
        return seen.select_related("letter", "organisation").order_by(*ORDER)

    def decidable(self, request: HttpRequest) -> QuerySet[Endorsement]:
        """Of what one sees, what one may decide."""
        moderated = Letter.objects.held_by(request.user, LetterRole.Role.MODERATOR)
        return self.get_queryset(request).filter(letter__in=moderated)

    # The queue

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Queue

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With `?ticked`, every row comes ticked: no script is needed for it."""
        if request.method == "POST" and not request.POST.getlist(ACTION_CHECKBOX_NAME):
            messages.warning(request, _("Nothing was done. Tick those that you mean first."))
            return redirect(request.get_full_path())
        parameters = request.GET.copy()
        is_ticked = bool(parameters.pop("ticked", None))
        request.GET = parameters  # type: ignore[assignment]  # a copy in place of the immutable one
        return super().changelist_view(request, {"is_ticked": is_ticked})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Each shows first who is meant; without the role, that page is closed."""
        pages = {verb: partial(bulk.page, verb=verb) for verb in bulk.VERBS}
        return {verb: (page, verb, self.verbs[verb].label) for verb, page in pages.items()}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By a name of the organisation, a domain of it, or, where one moderates, the signer's address or its domain.

        Never by parts of a person's name.
        """
        term = search_term.strip()
        if not term:
            return queryset, False
        moderated = Q(letter__in=Letter.objects.held_by(request.user, LetterRole.Role.MODERATOR))
        if "@" in term:
            try:
                return queryset.filter(moderated, representative__email_digest=email_digest(term)), False
            except ValueError:
                term = term.rpartition("@")[2]
        wanted, domain = normalise(term), registrable_domain(term)
        if not wanted:
            return queryset.none(), False
        named = OrganisationName.objects.filter(normalised__contains=wanted).values("organisation")
        found = Q(normalised__contains=wanted) | Q(organisation__in=named)
        if domain:
            found |= Q(organisation__in=Domain.objects.filter(name=domain).values("organisation"))
            found |= moderated & Q(representative__email_domain=domain)
        return queryset.filter(found), False

    # One endorsement

    def logo_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The picture that came with it, to be looked at before it is published."""
        found = self.get_object(request, str(pk))
        try:
            answer = logos.response(found.logo)
        except (ValueError, FileNotFoundError):
            raise Http404 from None
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def context_of(self, request: HttpRequest, subject: Endorsement) -> dict[str, Any]:
        sees_contacts = self.sees_notes(request, subject)
        contact = _representative(subject) if sees_contacts else None
        found = signals([subject], {subject.pk: contact} if contact else {}, looks_closely=True)[subject.pk]
        alike = _alike(subject, contact)
        told = in_order([*found, *_likely(subject, alike)])
        return {
            "endorsement": subject,
            "letter_title": subject.letter.title,
            "contact": contact,
            "proof": proof(subject, contact, sees_contacts=sees_contacts),
            "signals": told,
            "is_odd": any(signal.glyph == ODD for signal in told),
            "alike": alike,
            "twins": _twins(subject),
            "waited": waited(subject, timezone.now()),
        }

    def sees_notes(self, request: HttpRequest, subject: Endorsement) -> bool:
        """Contacts and words about them are for those who decide."""
        return MODERATOR.allows(staff(request), subject)

    def makes_sense(self, verb: str, subject: Endorsement) -> bool:
        match verb:
            case "ask":
                return _representative(subject) is not None
            case "lower":
                return (
                    subject.letter.allows_withheld_names and subject.visibility != Endorsement.Visibility.CONFIDENTIAL
                )
            case "undo":
                return endorsing.undoable(subject, by_signer=False, at=timezone.now()) is not None
        return True

    def url_after(self, request: HttpRequest, verb: str, subject: Endorsement) -> str:
        """After a decision, the next that waits: later ones on the same letter, else the first of the queue."""
        if verb not in DECISIONS:
            return self.url_of(subject)
        waiting = self.decidable(request).filter(status=Status.CONFIRMED).exclude(pk=subject.pk)
        same_time = Q(confirmed_at=subject.confirmed_at, pk__gt=subject.pk)
        later = Q(letter=subject.letter_id) & (same_time | Q(confirmed_at__gt=subject.confirmed_at or timezone.now()))
        following = waiting.filter(later).first() or waiting.first()
        return self.url_of(following) if following else reverse("admin:letters_endorsement_changelist")


#: Steps after which the next endorsement comes.
DECISIONS = ("approve", "ask", "hold", "reject", "remove_for_safety")


def _alike(endorsement: Endorsement, contact: Representative | None) -> list[Candidate]:
    """Others on the register, public or not, that may be the same organisation; also by what its name is drawn like."""
    organisation = endorsement.organisation
    if organisation is None:
        return []
    register = Organisation.objects.exclude(standing=Organisation.Standing.MERGED)
    different = merging.different_from(organisation)
    found = matching.candidates(
        as_drawn(endorsement.printed_name),
        country=organisation.country,
        website=organisation.website,
        email_domain=contact.email_domain if contact else "",
        organisations=register.exclude(pk=organisation.pk).exclude(pk__in=different),
    )
    return [candidate for candidate in found if candidate.score >= matching.FLOOR]


def _likely(endorsement: Any, alike: list[Candidate]) -> list[Signal]:
    """Of a new organisation, those that it may be; not again one that has its very name."""
    if endorsement.organisation is None or endorsement.organisation.standing != Organisation.Standing.PROVISIONAL:
        return []
    told = {(name, country) for name, country, _standing in endorsement.namesakes or ()}
    likely = [candidate for candidate in alike if candidate.level != Level.DIFFERENT]
    return [like(one) for one in likely if (one.organisation.name, one.organisation.country) not in told]


def _twins(endorsement: Endorsement) -> list[Endorsement]:
    """What else the organisation has sent in for this letter."""
    if endorsement.organisation is None:
        return []
    same = endorsement.letter.endorsements.filter(organisation=endorsement.organisation)
    return list(same.exclude(pk=endorsement.pk).order_by("pk"))


def _representative(endorsement: Endorsement) -> Representative | None:
    return Representative.objects.filter(endorsement=endorsement).first()
