"""Chromium for the tests: Debian's where it is installed, else Playwright's own; nothing is downloaded here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    return {"args": FLAGS, **({"executable_path": chromium} if chromium else {})}


@pytest.fixture(autouse=True)
def _address_in_mails(settings, live_server) -> None:
    settings.SITE_URL = live_server.url
    settings.ALLOWED_HOSTS = ["*"]


@pytest.fixture(params=["with JavaScript", "without JavaScript"])
def somebody(request, browser: Browser, live_server) -> Iterator[Callable[[], Page]]:
    """Each call is a person at a browser of their own; everything must work for both kinds. Any dialog, script error,
    blocked or foreign request fails the test."""
    contexts: list[BrowserContext] = []
    accidents: list[str] = []

    def arrive() -> Page:
        script = request.param == "with JavaScript"
        contexts.append(browser.new_context(java_script_enabled=script, base_url=live_server.url))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: accidents.append(f"script error: {error}"))
        page.on("console", lambda said: accidents.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: accidents.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda sent: (
                None if sent.url.startswith((live_server.url, "data:")) else accidents.append(f"asked {sent.url}")
            ),
        )
        return page

    yield arrive
    for context in contexts:
        context.close()
    assert not accidents


@pytest.fixture
def visitor(somebody: Callable[[], Page]) -> Page:
    """A person at a browser."""
    return somebody()
