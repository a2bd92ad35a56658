"""A new version of an open letter, at the desk: begun, dropped, or sealed with what it means for those who signed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.desk import NeededNoteForm, StepForm, Verb
from letters import amending, sealing
from letters.admin.clock import LetterClock
from letters.drafting import unsealed
from letters.models import Letter, Version

Change = Version.Change


class AmendForm(NeededNoteForm):
    """What kind of change it is, and what everybody is told of it."""

    change = forms.ChoiceField(
        label=gettext_lazy("Kind of change"),
        choices=[
            (Change.TYPO, gettext_lazy("It corrects a slip: who has signed is told, and the signatures stand")),
            (Change.MATERIAL, gettext_lazy("It changes the substance: who has signed is asked again")),
        ],
        error_messages={
            "required": gettext_lazy("Say whether this corrects a slip or changes the substance"),
            "invalid_choice": gettext_lazy("Say whether this corrects a slip or changes the substance"),
        },
        widget=forms.RadioSelect,
    )
    reconsent_until = LetterClock(
        label=gettext_lazy("After a change of substance, answers are taken until"), required=False
    )
    field_order = ["change", "note", "reconsent_until"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unfinished = unfinished(self.subject)
        self.fields["note"].label = _("What changed")
        self.fields["note"].help_text = _("It is published, and mailed to everybody who has signed")
        self.fields["note"].error_messages["required"] = _("Say what changed")
        until = self.fields["reconsent_until"]
        assert isinstance(until, LetterClock)
        until.set_to(self.subject.zone)
        until.help_text = self.subject.time_zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        until = data.get("reconsent_until")
        if data.get("change") == Change.MATERIAL and "reconsent_until" not in self.errors:
            if until is None or until <= timezone.now():
                self.add_error("reconsent_until", _("Enter a day and a time that lie ahead"))
        elif data.get("change") == Change.TYPO:
            data["reconsent_until"] = None
        return data


VERBS = {
    "prepare": Verb(
        amending.prepare, gettext_lazy("Prepare a new version"), gettext_lazy("a new version can be written")
    ),
    "amend": Verb(
        amending.amend,
        gettext_lazy("Seal the new version"),
        gettext_lazy("amended"),
        AmendForm,
        gettext_lazy(
            "The new text takes the place of the present one at once. After a change of substance no organisation is "
            "listed or counted before it has agreed."
        ),
    ),
    "drop_draft": Verb(
        amending.drop_draft,
        gettext_lazy("Drop the new version"),
        gettext_lazy("dropped"),
        StepForm,
        gettext_lazy("What was written on the new version is deleted. The present text stays."),
    ),
}
TOLD = {
    "prepare": gettext_lazy("New version begun"),
    "amend": gettext_lazy("Amended"),
    "drop_draft": gettext_lazy("New version dropped"),
}


def unfinished(letter: Letter) -> list[str]:
    """What the new version that is being written needs before it can be sealed."""
    draft = unsealed(letter)
    return sealing.unfinished(letter, draft.texts.all()) if draft else []


def makes_sense(verb: str, letter: Letter) -> bool:
    """A new version is begun where there is none, and sealed or dropped where there is one."""
    if verb not in VERBS:
        return True
    return (letter.draft is None) == (verb == "prepare")
