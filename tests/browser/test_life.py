"""A convener takes a letter through its life at the desk, in a real browser, with JavaScript and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from letters.models import Letter
from tests.factories import PASSWORD, UserFactory, an_endorsement, an_organisation


@pytest.fixture
def convener(visitor: Page) -> Page:
    """An administrator at the desk, who can do all that a convener can."""
    person = UserFactory(administrator=True)
    visitor.goto("/admin/")
    visitor.get_by_label("Email address").fill(person.email)
    visitor.get_by_label("Password").fill(PASSWORD)
    visitor.get_by_role("button", name="Log in").click()
    return visitor


def test_a_letter_is_written_opened_amended_delivered_answered_and_concluded(convener: Page, run_jobs):
    page = convener
    page.goto("/admin/letters/letter/")
    page.get_by_role("link", name="Start a letter").click()
    page.locator("[name=reference]").fill("2026-07")
    page.locator("[name=slug]").fill("rivers")
    page.locator("[name=language]").fill("en")
    page.locator("[name=title]").fill("Keep river data public")
    page.locator("main form.form button[type=submit]").first.click()
    letter = Letter.objects.get()

    # Three languages, side by side.
    texts = f"/admin/letters/letter/{letter.pk}/texts/"
    page.goto(texts)
    for language in ("fr", "ar"):
        page.locator("[name=new_language]").fill(language)
        page.get_by_role("button", name="Add", exact=True).click()
    words = {
        "en": ("Keep river data public", "We live with the rivers.", "Publish by default."),
        "fr": ("Des données publiques", "Nous vivons avec les rivières.", "Publiez par défaut."),
        "ar": ("انشروا بيانات الأنهار", "نعيش مع الأنهار.", "النشر أولا."),
    }
    for language, (title, body, demands) in words.items():
        page.locator(f"[name=text-{language}-title]").fill(title)
        page.locator(f"[name=text-{language}-body]").fill(body)
        page.locator(f"[name=text-{language}-demands]").fill(demands)
    page.get_by_role("button", name="Save").first.click()
    assert letter.versions.get().texts.count() == 3

    # The facts, then the page as it will look; nobody else sees it.
    page.goto(f"/admin/letters/letter/{letter.pk}/change/")
    page.locator("[name=closes_at]").fill("2099-12-12T23:59")
    page.locator("[name=audience]").select_option("public")
    page.locator("[name$=-office]").first.fill("Commission on Shared Rivers")
    page.get_by_role("button", name="Save").first.click()
    page.goto(f"/admin/letters/letter/{letter.pk}/preview/?text=ar")
    expect(page.get_by_text("Preview: not public")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("انشروا بيانات الأنهار")
    assert page.request.get("/en/letters/rivers/").status == 404

    # Open, and signed.
    step(page, letter, "open")
    for name in ("Amani Water Trust", "Wells Union"):
        an_endorsement(Letter.objects.get(), an_organisation(name))
    page.goto("/en/letters/rivers/")
    expect(page.locator("#signatory-count")).to_have_attribute("value", "2")

    # A slip is corrected.
    page.goto(f"/admin/letters/letter/{letter.pk}/change/")
    page.get_by_role("button", name="Prepare a new version").click()
    page.goto(texts)
    page.locator("[name=text-en-body]").fill("We live by the rivers.")
    page.get_by_role("button", name="Save").first.click()
    step(page, letter, "amend", lambda: (page.locator("[name=change]").first.check(), note(page, "A slip.")))
    page.goto("/en/letters/rivers/versions/")
    expect(page.get_by_text("A slip.").first).to_be_visible()

    # Delivered by post, answered, concluded.
    step(page, letter, "deliver", lambda: page.get_by_label("by post").check())
    run_jobs()
    page.goto(f"/admin/letters/letter/{letter.pk}/respond/")
    page.locator("[name=addressee]").select_option(index=1)
    page.locator("[name=kind][value=substantive]").check()
    page.locator("[name=dated_on]").fill(str(letter.created_at.date()))
    page.locator("[name=text]").fill("We shall publish.")
    page.locator("[name=verdict_1][value=partly]").check()
    page.locator("main form.form button[type=submit]").first.click()
    step(page, letter, "conclude")
    page.goto("/en/letters/rivers/")
    expect(page.get_by_text("We shall publish.")).to_be_visible()
    expect(page.get_by_text("partly met")).to_be_visible()
    expect(page.get_by_text(re.compile("With 2 organisations")).first).to_be_visible()
    expect(page.locator("#signatory-count")).to_have_attribute("value", "2")


def note(page: Page, words: str) -> None:
    page.locator("[name=note]").fill(words)


def step(page: Page, letter: Letter, verb: str, fill=lambda: None) -> None:
    page.goto(f"/admin/letters/letter/{letter.pk}/step/{verb}/")
    fill()
    page.locator("main form.form button[type=submit]").first.click()
    page.wait_for_url(f"**/admin/letters/letter/{letter.pk}/change/")
