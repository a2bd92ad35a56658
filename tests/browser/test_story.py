"""The main job in a real browser, with JavaScript and without."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from letters.models import Endorsement
from tests.factories import PASSWORD, a_letter, a_moderator, an_endorsement, an_organisation
from tests.reading import words_of


def test_an_organisation_signs_a_moderator_approves_and_the_public_sees_it(
    visitor: Page, browser: Browser, live_server, run_jobs, outbox
):
    letter = a_letter(title="Keep river data public")
    an_endorsement(letter, an_organisation("Amani Water Trust"))
    an_organisation("Mawingu Water Forum", is_listed=True)
    chiara = a_moderator(letter, email="chiara@coalition.example")

    # Bruno opens the list of letters, reads one and goes to sign it.
    visitor.goto("/en/")
    visitor.get_by_role("link", name="Keep river data public").click()
    expect(visitor.locator("#signatory-count")).to_have_attribute("value", "1")
    assert visitor.context.cookies() == []
    visitor.get_by_role("link", name="Sign as an organisation").first.click()

    # He finds his organisation among those known, and fills in the rest.
    visitor.get_by_label("Name of your organisation").fill("mawingu")
    visitor.get_by_role("button", name="Find").click()
    expect(visitor.get_by_text("1 organisation found")).to_be_visible()
    visitor.get_by_label("Mawingu Water Forum").check()
    visitor.get_by_label("Your full name").fill("Bruno Otieno")
    visitor.get_by_label("Your role").fill("Director")
    visitor.get_by_label("I may sign for this organisation").check()

    # He forgets the address and one tick; the page says so and keeps the rest.
    visitor.get_by_role("button", name="Send me the confirmation email").click()
    expect(visitor.get_by_role("alert")).to_contain_text("Enter an email address with a domain")
    expect(visitor.get_by_role("alert")).to_contain_text("Confirm that your organisation agrees")
    expect(visitor.get_by_label("Your full name")).to_have_value("Bruno Otieno")
    expect(visitor.get_by_label("Mawingu Water Forum")).to_be_checked()
    visitor.get_by_label("Your email address").fill("bruno@mawingu.example.org")
    visitor.get_by_label("The organisation agrees to appear").check()
    visitor.get_by_role("button", name="Send me the confirmation email").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Confirm from your inbox")
    expect(visitor.get_by_text("bruno@mawingu.example.org")).to_be_visible()

    # The message is there; the page behind its link signs only by the button.
    run_jobs()
    visitor.goto(link_of(outbox()[-1]))
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Check your entry and confirm")
    assert Endorsement.objects.filter(status="submitted").count() == 1
    visitor.get_by_role("button", name="Confirm and sign").click()
    expect(visitor.get_by_text("Waiting for check")).to_be_visible()
    run_jobs()
    own_link = link_of(outbox()[-1])

    # Chiara signs in at the desk and approves what waits.
    desk = browser.new_context(base_url=live_server.url).new_page()
    desk.goto("/admin/")
    desk.get_by_label("Email address").fill(chiara.email)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Log in").click()
    desk.goto("/admin/letters/endorsement/")
    desk.get_by_role("link", name="Mawingu Water Forum").click()
    desk.get_by_role("button", name=re.compile("^Approve")).first.click()
    assert Endorsement.objects.get(printed_name="Mawingu Water Forum").status == "approved"

    # Everybody sees the name, in the list, in the count, and on the organisation's page.
    visitor.goto(letter.get_absolute_url())
    expect(visitor.locator("#signatory-count")).to_have_attribute("value", "2")
    visitor.get_by_role("link", name="Mawingu Water Forum").click()
    expect(visitor.get_by_role("link", name="Keep river data public")).to_be_visible()

    # Bruno hides the name, and it is gone at once.
    visitor.goto(own_link)
    visitor.get_by_label("In the total only").check()
    visitor.get_by_role("button", name="Show less").click()
    visitor.goto(letter.get_absolute_url())
    expect(visitor.locator("#signatory-count")).to_have_attribute("value", "2")
    expect(visitor.get_by_text("Mawingu")).to_have_count(0)
    expect(visitor.get_by_text("and one organisation more, country not given")).to_be_visible()


def test_a_new_organisation_adds_itself(visitor: Page, run_jobs, outbox):
    letter = a_letter()
    visitor.goto(f"{letter.get_absolute_url()}sign/")
    visitor.get_by_label("Name of your organisation").fill("جمعية أصدقاء النهر")
    visitor.get_by_role("button", name="Find").click()
    expect(visitor.get_by_text("0 organisations found")).to_be_visible()
    visitor.get_by_label("Country", exact=True).select_option("JO")
    visitor.get_by_label("Website").fill("nahr.example.org")
    visitor.get_by_label("Your full name").fill("Amina")
    visitor.get_by_label("Your role").fill("Chair")
    visitor.get_by_label("Your email address").fill("amina@nahr.example.org")
    visitor.get_by_label("In the total only").check()
    visitor.get_by_label("I may sign").check()
    visitor.get_by_label("The organisation agrees").check()
    visitor.get_by_role("button", name="Send me the confirmation email").click()
    run_jobs()
    visitor.goto(link_of(outbox()[-1]))
    expect(visitor.get_by_text("In the total only")).to_be_visible()
    visitor.get_by_role("button", name="This was not me").click()
    expect(visitor.get_by_text("The signature is withdrawn")).to_be_visible()
    assert Endorsement.objects.get().status == "withdrawn"


def test_the_keyboard_reaches_signing_within_twelve_tabs(browser: Browser, live_server):
    letter = a_letter(texts={"fr": "Rivières", "ar": "الأنهار"})
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto(letter.get_absolute_url())
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Sign as an organisation":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign as an organisation")


def link_of(message) -> str:
    found = re.search(r"http://\S+/endorsements/\S+", words_of(message))
    assert found
    return found[0]
