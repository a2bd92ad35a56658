"""What no linter knows: the rules of the house, each with a word on what to do when it is broken."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

HOUSE = Path(settings.BASE_DIR)
ROOMS = ("coalition", "letters", "signatories")
MODULES = sorted(path for room in ROOMS for path in (HOUSE / room).rglob("*.py") if "migrations" not in path.parts)
TEMPLATES = sorted(path for path in (HOUSE / "templates").rglob("*.*") if path.suffix in {".html", ".txt"})


def named(path: Path) -> str:
    return str(path.relative_to(HOUSE))


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_opens_with_a_sentence(path):
    source = path.read_text()
    if not source.strip():
        return
    opening = ast.get_docstring(ast.parse(source))
    assert opening, f"{named(path)} does not say which room it is: open it with one sentence."


def test_only_the_workflow_writes_a_status():
    for path in MODULES:
        if named(path) == "coalition/workflow.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else []
            written = [t.attr for t in targets if isinstance(t, ast.Attribute) and t.attr in ("status", "standing")]
            assert not written, f"{named(path)}:{node.lineno} writes a status. Add a step to the workflow instead."


def test_only_the_workflow_locks_rows():
    for path in MODULES:
        if named(path) != "coalition/workflow.py":
            assert "select_for_update" not in path.read_text(), (
                f"{named(path)} locks rows. Use a step, or workflow.locked: locks are taken in one order, in one place."
            )


def test_nothing_goes_round_the_escaping():
    forbidden = re.compile(r"mark_safe|\|safe\b|\.raw\(|\.extra\(|autoescape off")
    for path in [*MODULES, *TEMPLATES]:
        if path.suffix == ".txt":
            continue
        found = forbidden.search(path.read_text())
        assert not found, f"{named(path)} has {found.group()}: find a way that escapes."


def test_every_template_is_used():
    sources = "\n".join(path.read_text() for path in [*MODULES, *TEMPLATES])
    from letters.mail import MAILS

    by_convention = {f"letters/mail/{name}.txt" for name in MAILS.values() if name} | {
        "admin/base_site.html", "admin/login.html", "admin/prepopulated_fields_js.html", "paper/field.html",
    }  # fmt: skip
    for path in TEMPLATES:
        name = str(path.relative_to(HOUSE / "templates"))
        overrides_admin = name.startswith("admin/") and path.name in (
            "change_list.html",
            "change_form.html",
            "index.html",
        )
        if name in by_convention or overrides_admin:
            continue
        assert f'"{name}"' in sources or f"'{name}'" in sources, f"No page includes or renders {name}: delete it."


def test_pages_hold_no_script_no_style_and_nobody_elses_address():
    for path in TEMPLATES:
        if path.suffix != ".html" or path.parts[-2] == "mail":
            continue
        page = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=", page), f"{named(path)} has inline style or script."
        assert not re.search(r"<script(?![^>]*\bsrc=)", page), f"{named(path)} has inline script."
        assert not re.search(r"""(?:src|href)=["']https?://""", page), f"{named(path)} loads from elsewhere."


def test_every_index_and_constraint_has_a_telling_name():
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS:
            continue
        for thing in [*model._meta.constraints, *model._meta.indexes]:
            assert not re.search(r"_[0-9a-f]{6,}_|_idx$|_uniq$", thing.name), f"{model.__name__}: {thing.name}"


def test_events_and_notes_are_protected_by_postgres():
    from coalition.models import Event, Note

    for model in apps.get_models():
        if issubclass(model, Event | Note):
            assert getattr(model._meta, "triggers", None), f"{model.__name__} can be changed by SQL: give it triggers."


def test_nothing_committed_speaks_of_one_machine():
    for path in [*MODULES, *TEMPLATES, *HOUSE.glob("*.*"), *(HOUSE / "docs").rglob("*.md")]:
        if path.is_file():
            assert "../shared" not in path.read_text(), f"{named(path)} reads what a clone does not have."
