"""What the forms of a draft share: their fields, and how their errors are said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import ErrorDict, flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coalition.languages import parse_tag
from coalition.text import clean_line, clean_text, fits


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


def choose(label: Any, choices: Any, sentence: Any, **kwargs: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, error_messages=dict.fromkeys(["required", "invalid_choice"], sentence), **kwargs
    )


def summary(form: forms.Form) -> list[tuple[str, str]]:
    """The errors for the summary above a form: id of the field, sentence."""
    at_fields = [(form[name].auto_id, str(error)) for name in form.fields for error in form.errors.get(name, [])]
    return [("main", str(error)) for error in form.non_field_errors()] + at_fields


def unjudged(*shown: forms.Form) -> None:
    """What was typed stays, without errors."""
    for form in shown:
        vars(form).update(_errors=ErrorDict(), cleaned_data={})


def is_known(tag: str) -> bool:
    try:
        return parse_tag(tag) == tag
    except ValueError:
        return False
