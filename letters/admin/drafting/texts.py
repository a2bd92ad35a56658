"""The pages on which the texts of a letter are written side by side, and one is taken out."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from coalition.desk import DeskAdmin, staff
from coalition.languages import parse_tag
from coalition.text import clean_line, clean_text
from coalition.workflow import NotAllowed
from letters import drafting
from letters.admin.drafting.fields import is_known, summary, unjudged
from letters.admin.drafting.text_form import TextForm
from letters.drafting import WRITTEN, Changed
from letters.models import Letter, Text
from letters.roles import CONVENER
from letters.sealing import language_name, unfinished

MOST_LANGUAGES = 30


def write(desk: DeskAdmin[Letter], request: HttpRequest, pk: int) -> HttpResponse:
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
        unjudged(*columns_of_texts)
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
        "unfinished": unfinished(letter, written.values()),
        "seen": seen,
        "errors": [*errors, *([("id_new_language", sentence)] if sentence else [])],
        "add_sentence": sentence,
        "new_language": str(data.get("new_language", "")) if data is not None and sentence else "",
        "refusal": refusal,
        "theirs": theirs,
    }
    failed = errors or refusal or sentence
    return TemplateResponse(request, "admin/letters/texts.html", about, status=422 if failed else 200)


def remove(desk: DeskAdmin[Letter], request: HttpRequest, pk: int, language: str) -> HttpResponse:
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


def _conveners(desk: DeskAdmin[Letter], request: HttpRequest, pk: int) -> Letter:
    letter = desk.get_object(request, str(pk))
    if not CONVENER.allows(staff(request), letter):
        raise PermissionDenied
    return letter


def _columns(letter: Letter, written: dict[str, Text], data: QueryDict | None, added: str) -> tuple[list[str], str]:
    """The languages of the page, the authoritative one first, and what was wrong with the one to be added."""
    posted = [tag for tag in data.getlist("column") if is_known(tag)] if data is not None else sorted(written)
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


def _all_valid(shown: list[TextForm]) -> bool:
    """Judges each of them, whether or not one before failed."""
    return not [form for form in shown if not form.is_valid()]


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


def _say_saved(request: HttpRequest, saved: list[TextForm]) -> None:
    messages.success(request, _("Saved."))
    hidden = [f"{form.language_name} ({', '.join(form.hidden_in)})" for form in saved if form.hidden_in]
    if hidden:
        messages.warning(request, _("Invisible characters were taken out: %(where)s.") % {"where": "; ".join(hidden)})
