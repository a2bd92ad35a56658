"""Finding one's organisation as one types, by keyboard, with the one script that there is on a public page."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from letters.models import Endorsement, Letter
from tests.browser.test_pages import RULES
from tests.factories import a_letter, an_organisation


@pytest.fixture
def letter() -> Letter:
    for name in ("Mawingu Water Forum", "Mawingu Youth Forum", "Amani Water Trust", "جمعية أصدقاء النهر"):
        an_organisation(name, is_listed=True)
    return a_letter(title="Keep river data public")


@pytest.fixture
def page(browser: Browser, live_server):
    """Any error of a script, and anything that the Content-Security-Policy stops, fails the test."""
    page = browser.new_context(base_url=live_server.url, viewport={"width": 390, "height": 900}).new_page()
    accidents: list[str] = []
    page.on("pageerror", lambda error: accidents.append(str(error)))
    page.on("console", lambda said: accidents.append(said.text) if said.type == "error" else None)
    yield page
    page.context.close()
    assert not accidents


def test_organisations_appear_as_one_types_and_one_is_picked_by_keyboard(page: Page, letter):
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.post_data or "") if sent.method == "POST" else None)
    page.goto(f"{letter.get_absolute_url()}sign/")
    page.get_by_label("Your full name").fill("Bruno Otieno")
    page.get_by_label("Name of your organisation").focus()
    page.keyboard.type("mawingu watr", delay=20)
    expect(page.get_by_label("Mawingu Water Forum")).to_be_visible()
    expect(page.locator("#found-status")).to_have_text("3 organisations found")
    expect(page.get_by_label("Name of your organisation")).to_be_focused()
    expect(page.get_by_label("Name of your organisation")).to_have_value("mawingu watr")
    assert len(asked) <= 2, "it waits until one pauses"
    assert not any("Bruno" in sent for sent in asked), "nothing of the person goes with it"

    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Find")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_label("Mawingu Water Forum")).to_be_checked()
    expect(page.locator("[name=country]")).to_be_hidden()

    # The choice stays while one goes on typing.
    page.get_by_label("Name of your organisation").focus()
    page.keyboard.press("End")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.type(" forum", delay=20)
    expect(page.get_by_label("Mawingu Water Forum")).to_be_checked()
    found = Axe().run(page, options=RULES).response["violations"]
    assert [rule["id"] for rule in found] == []

    page.get_by_label("Your role").fill("Director")
    page.get_by_label("Your email address").fill("bruno@mawingu.example.org")
    page.get_by_label("I may sign for this organisation").check()
    page.get_by_label("The organisation agrees to appear").check()
    page.get_by_role("button", name="Send me the confirmation email").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm from your inbox")
    assert Endorsement.objects.get().organisation.name == "Mawingu Water Forum"


def test_one_that_is_not_found_is_added_without_leaving_the_page(page: Page, letter):
    page.goto(f"/ar/letters/{letter.slug}/sign/")
    name = page.locator("[name=organisation_name]")
    name.press_sequentially("النهر")
    expect(page.get_by_label("جمعية أصدقاء النهر")).to_be_visible()
    name.fill("")
    name.press_sequentially("Qqqq")
    expect(page.locator("#pick0")).to_be_checked()
    expect(page.locator("[name=country]")).to_be_visible()
    found = Axe().run(page, options=RULES).response["violations"]
    assert [rule["id"] for rule in found] == []
    name.fill("")
    expect(page.locator("#pick0")).to_have_count(0)
