"""The tables of allowed moves: drawn in the docs, and every move that is not in them refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from coalition.models import Event
from coalition.workflow import NotAllowed, Workflow
from letters import amending, endorsing, mail
from letters.management.commands.moves import TABLES, VERBS, as_markdown
from letters.models import Endorsement, Invitation, Letter, Response, Text, Update
from signatories import correcting, imports, vetting
from signatories.importing import paste
from signatories.models import Import, ImportLine, Organisation
from tests.factories import a_letter, an_endorsement, an_organisation

#: Statuses that no verb of this piece reaches, so that nothing can be brought into them but by hand.
UNREACHED: dict[str, set[str]] = {
    "Letter": {"delivered", "concluded"},
    **{noun: set() for noun in TABLES if noun != "Letter"},
}


def test_the_docs_show_the_tables_as_they_are():
    page = Path(__file__).parents[2] / "docs" / "moves.md"
    assert page.read_text().partition("## Letter")[2] == as_markdown().partition("## Letter")[2]


def test_every_event_of_an_endorsement_has_its_line_in_the_table_of_mails():
    assert set(mail.MAILS) == set(endorsing.flow.steps)


def _moves(allowed: bool) -> list[Any]:
    cases = []
    for noun, flow in TABLES.items():
        status_field = flow.model._meta.get_field(flow.status_field)
        for step in flow.steps.values():
            for status, _ in status_field.choices:
                if allowed and step.verb == "undo":
                    continue  # what it may take back depends on the step before: see test_endorsing.py
                if step.sources and (status in step.sources) == allowed:
                    cases.append(pytest.param(noun, step.verb, status, id=f"{noun}-{step.verb}-{status}"))
    return cases


@pytest.fixture(scope="module")
def keys(stands_for_the_module, django_db_blocker) -> dict[tuple[str, str], int]:
    """One of each noun in each status, made once; each test reads its own anew."""
    with django_db_blocker.unblock():
        return {
            (noun, status): _subject(noun, status).pk
            for noun, flow in TABLES.items()
            for status, _ in flow.model._meta.get_field(flow.status_field).choices
        }


@pytest.fixture
def subject(noun: str, status: str, keys: dict[tuple[str, str], int]) -> Any:
    return TABLES[noun].model._default_manager.get(pk=keys[noun, status])


@pytest.mark.django_db
@pytest.mark.parametrize(("noun", "verb", "status"), _moves(allowed=False))
def test_a_move_that_is_not_in_the_table_is_refused(noun, verb, status, subject):
    flow: Workflow[Any] = TABLES[noun]
    events = flow.events._default_manager.count()
    with pytest.raises(NotAllowed) as refusal:
        _take(noun, verb, subject)
    assert str(refusal.value)
    subject.refresh_from_db()
    assert getattr(subject, flow.status_field) == status
    assert flow.events._default_manager.count() == events


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("noun", "verb", "status"),
    [case for case in _moves(allowed=True) if case.values[2] not in UNREACHED[case.values[0]]],
)
def test_a_move_that_is_in_the_table_is_taken_and_written_down(noun, verb, status, subject):
    flow: Workflow[Any] = TABLES[noun]
    if before_the_hold := {"confirm_held": "submitted", "answer_held": "asked"}.get(verb):
        subject = endorsing.hold(an_endorsement(state=before_the_hold), by=None)
    _made_ready(verb, subject)
    if (verb, status) == ("restore", "taken_down"):
        expected = "open"
    elif (verb, status) == ("release", "held"):
        expected = "confirmed"
    elif (verb, status) == ("unfold", "folded"):
        expected = "approved"
    elif (verb, status) == ("unmerge", "merged"):
        expected = "verified"
    elif flow.steps[verb].target == "the same":
        expected = status
    else:
        expected = flow.steps[verb].to
    _take(noun, verb, subject)
    subject.refresh_from_db()
    assert getattr(subject, flow.status_field) == expected
    event = subject.events.last()
    assert isinstance(event, Event)
    assert (event.verb, event.from_status, event.to_status) == (verb, status, expected)


def _subject(noun: str, status: str) -> Any:
    """One in this status: by its verbs where there are some, else by hand."""
    if noun == "Letter":
        if status not in UNREACHED[noun]:
            return a_letter(state=status, slug=status, reference=status, **_draft_of(status))
        return _by_hand(a_letter(state="closed"), status=status)
    if noun == "Endorsement":
        return an_endorsement(state=status)
    if noun == "Correction":
        correction = correcting.suggest(organisation=an_organisation(), words="The name is spelt otherwise.")
        return correction if status == "open" else correcting.settle(correction, by=None, note="Done.")
    if noun == "Import":
        return _an_import(status)
    organisation = an_organisation(verified=status != "provisional")
    if status == "suspended":
        vetting.suspend(organisation, by=None, note="Why")
    if status == "merged":
        vetting.merge(organisation, into=an_organisation(), by=None)
    return organisation


def _an_import(status: str) -> Import:
    """A list of one line, decided, in this status by hand: the jobs between are tested in test_imports.py."""
    batch = imports.take_in(paste("Forum Mawingu"), source="Form", by=None, at=timezone.now())
    batch.lines.update(name="Forum Mawingu", normalised="forum mawingu", choice=ImportLine.Choice.NEW)
    return _by_hand(batch, status=status)


def _draft_of(status: str) -> dict[str, Any]:
    """A letter that could be recorded as well as opened, so that the status alone decides."""
    return {"source_url": "https://host.example/letter"} if status == "draft" else {}


def _of_a_line(batch: Import) -> dict[str, Any]:
    line = batch.lines.first()
    if line is None:
        line = ImportLine(origin=batch, number=1)
    told = {"by": None, "line": line, "seen": imports.state(line), "code": "1"}
    said = {"name": "Forum", "latin_name": "", "acronym": "", "country": "", "website": ""}
    return {
        "correct_line": {**told, "said": said},
        "split_line": {**told, "names": ["Forum Mawingu", "Amani Trust"]},
        "match_line": {**told, "organisation": an_organisation().pk},
    }


def _by_hand(row: Letter | Endorsement | Organisation | Import, **fields: Any) -> Any:
    type(row)._default_manager.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row


def _what_came_of_it(verb: str, subject: Any) -> dict[str, dict[str, Any]]:
    today = timezone.now().date()
    if verb in ("respond", "correct_response"):
        addressee = subject.addressees.get()
        said = {"addressee": addressee, "kind": "substantive", "dated_on": today, "language": "en", "text": "Dear all,"}
        said |= {"by": None, "is_published": True, "verdicts": {1: "met"}, "files": []}
        if verb == "correct_response":
            said["response"] = Response.objects.create(
                letter=subject, addressee=addressee, kind="partial", dated_on=today
            )
        return {verb: said}
    if verb in ("post_update", "correct_update"):
        said = {"by": None, "dated_on": today, "language": "en", "title": "News", "body": "More.", "files": []}
        if verb == "correct_update":
            said["update"] = Update.objects.create(letter=subject, title="Old news", dated_on=today)
        return {verb: said}
    if verb in ("join", "leave"):
        network = Organisation.objects.create(slug="network")  # without an event
        if verb == "leave":
            subject.memberships.create(network=network)
        return {verb: {"by": None, "network": network}}
    if verb in ("check_domain", "drop_domain"):
        subject.domains.create(name="wells.example", how="website")
        return {verb: {"by": None, "domain": "wells.example"}}
    if verb == "remove_response":
        recorded = Response.objects.create(
            letter=subject, addressee=subject.addressees.get(), kind="partial", dated_on=today
        )
        return {verb: {"by": None, "response": recorded}}
    if verb == "remove_update":
        posted = Update.objects.create(letter=subject, title="Old news", dated_on=today)
        return {verb: {"by": None, "update": posted}}
    if verb == "revoke":
        invited = {"name": "Wells Union", "email": "office@wells.example.org", "email_digest": "0"}
        invitation = Invitation.objects.create(letter=subject, invited_at=timezone.now(), **invited)
        return {verb: {"by": None, "invitation": invitation}}
    return {}


def _about_a_name(verb: str, subject: Any) -> dict[str, dict[str, Any]]:
    if not verb.endswith(("_name", "_main_name")):
        return {}
    said: dict[str, Any] = {"by": None}
    if verb == "learn_name":
        return {verb: said | {"text": "Third Name", "code": "list"}}
    if verb != "add_name":
        second = vetting.name_row(subject, "Second Name", kind="alias" if verb == "unlearn_name" else "official")
        if verb == "unlearn_name":
            second.learnt = said["code"] = "list"
        second.save()
        said["name"] = second.pk
    if verb in ("add_name", "correct_name"):
        said |= {"text": "Third Name", "kind": "alias"}
    return {verb: said}


def _take(noun: str, verb: str, subject: Any) -> None:
    now = timezone.now()
    wording: dict[str, dict[str, Any]] = {
        **_what_came_of_it(verb, subject),
        "reject": {"by": None, "code": "cannot_verify"},
        "ask": {"by": None, "note": "Who decided this?"},
        "answer": {"note": "The board."},
        "invite": {"by": None, "name": "Wells Union", "email": "office@wells.example.org", "language": "en"},
        "lower": {"visibility": "counted"},
        "reopen": {"by": None, "closes_at": now.replace(year=now.year + 1), "note": "More time."},
        "take_down": {"by": None, "note": "For their safety."},
        "restore": {"by": None, "note": "Safe again."},
        "suspend": {"by": None, "note": "Why."},
        "reinstate": {"by": None, "note": "Why."},
        "take_up": {"by": None, "note": "Why."},
        "settle": {"by": None, "note": "Done."},
        "describe": {"by": None, "kind": "charity"},
        "answer_held": {"note": "The board."},
        "extend": {"by": None, "closes_at": now.replace(year=now.year + 1), "note": "More time."},
        "allow_late": {"by": None, "late_until": now.replace(year=now.year + 1), "note": "More time."},
        "set_audience": {"by": None, "audience": "team", "public_from": None, "note": "Not yet."},
        "deliver": {"by": None, "channel": "by_hand"},
        "amend": {"by": None, "change": "typo", "note": "A slip."},
        "reconsent": {"version": 2},
        "take_logo": {"by": None, "logo": "logos/drawn.png"},
        "move": {"by": None, "to": _elsewhere() if verb == "move" else None},
        "name_columns": {"by": None, "columns": {"name": 0}},
        "refuse": {"trouble": "Why."},
        **(_of_a_line(subject) if noun == "Import" else {}),
        "fail": {"trouble": "Why."},
        "let_stand": {"trouble": "Why."},
        "show": {},
        "absorb": {"by": None, "values": {"website": "https://wells.example.org"}},
        "give_back": {"by": None, "values": {"website": ""}},
        "merge": {"by": None, "into": _elsewhere() if verb == "merge" else None},
        **_about_a_name(verb, subject),
    }
    signers = ("resend", "confirm", "confirm_held", "expire", "subscribe", "unsubscribe", "withdraw", "lapse")
    flow = TABLES[noun]
    module = next(module for module in VERBS if getattr(module, "flow", None) is flow and hasattr(module, verb))
    getattr(module, verb)(subject, **wording.get(verb, {} if verb in signers and noun != "Import" else {"by": None}))


def _elsewhere() -> Organisation:
    """Another entry of the register, without events of its own."""
    return Organisation.objects.create(slug="elsewhere")


def _made_ready(verb: str, subject: Any) -> None:
    """What a verb needs besides the status."""
    if verb in ("amend", "drop_draft"):
        amending.prepare(subject, by=None)
        Text.objects.filter(version=subject.draft).update(title="Keep all river data public")
    elif verb == "invite" and subject.status != "open":
        _by_hand(subject, late_until=timezone.now() + timedelta(days=30))
    elif verb == "deliver":
        recorded = endorsing.record(subject, an_organisation(), by=None, evidence="checked")
        endorsing.approve(recorded, by=None)
    elif verb in ("reconsent", "lapse"):
        letter = subject.letter
        amending.prepare(letter, by=None)
        Text.objects.filter(version=letter.draft).update(title="Keep all river data public")
        soon = timezone.now() + timedelta(days=1)
        amending.amend(letter, by=None, change="material", note="All of it.", reconsent_until=soon)
        if verb == "lapse":
            _by_hand(letter, reconsent_until=timezone.now())
