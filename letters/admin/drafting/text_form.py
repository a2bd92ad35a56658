"""What is asked of a text: the words of a letter in one language."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coalition.languages import direction, endonym
from coalition.text import has_hidden
from letters.admin.drafting.fields import Lines
from letters.drafting import WRITTEN
from letters.forms import Line
from letters.models import Text
from letters.sealing import language_name

LONGEST_BODY = 60_000
_NUMBERED = re.compile(r"([0-9]{1,3})[.)]\s+")


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
