"""The letter box: whoever tries the product out reads their mail, and nobody ever does in production."""

from __future__ import annotations

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client
from django.urls import path

from coalition import outbox
from coalition.urls import urlpatterns as everything

urlpatterns = [
    path("outbox/", outbox.outbox, name="outbox"),
    path("outbox/<str:name>/", outbox.message, name="outbox-message"),
    *everything,
]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.COALITION_LOCAL = True
    settings.STORAGES |= {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.ROOT_URLCONF = __name__
    settings.OUTBOX = tmp_path / "made" / "outbox"
    return tmp_path / "made" / "outbox"


def post(subject: str = "Hello", text: str = "Dear Bruno", message_id: str = "<1@example.org>") -> int | None:
    mail = EmailMultiAlternatives(subject, text, None, ["bruno@example.org"], headers={"Message-ID": message_id})
    mail.attach_alternative("<p>Dear <script>alert(1)</script> Bruno</p>", "text/html")
    return get_connection("coalition.outbox.EmailBackend").send_messages([mail])


class Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs).get("href"))


# The files


def test_each_message_is_one_file(folder: Path) -> None:
    assert post(message_id="<1@example.org>") == 1
    assert post(message_id="<2@example.org>") == 1
    assert len(list(folder.iterdir())) == 2
    assert all(file.suffix == ".eml" for file in folder.iterdir()), "nothing half written is left"


def test_a_repeated_message_is_the_same_file(folder: Path) -> None:
    post(text="first")
    post(text="second")
    [file] = folder.iterdir()
    assert b"second" in file.read_bytes()


def test_nobody_else_on_the_machine_can_read_them(folder: Path) -> None:
    post()
    [file] = folder.iterdir()
    assert folder.stat().st_mode & 0o077 == 0
    assert file.stat().st_mode & 0o077 == 0


def test_a_message_id_cannot_name_a_file_elsewhere(folder: Path) -> None:
    post(message_id="<../../../evil@example.org>")
    assert len(list(folder.iterdir())) == 1


# The pages


@pytest.mark.django_db
def test_the_list_shows_the_newest_first(client: Client, folder: Path) -> None:
    post("Older", message_id="<1@example.org>")
    post("Newer <b>", message_id="<2@example.org>")
    for file in folder.iterdir():
        if b"Older" in file.read_bytes():
            os.utime(file, (1, 1))
    page = client.get("/outbox/").content.decode()
    assert page.index("Newer &lt;b&gt;") < page.index("Older")
    assert "bruno@example.org" in page


@pytest.mark.django_db
def test_an_empty_box_says_so(client: Client, folder: Path) -> None:
    assert "Nothing yet" in client.get("/outbox/").content.decode()


@pytest.mark.django_db
def test_a_link_in_a_message_can_be_followed(client: Client, folder: Path) -> None:
    link = "http://127.0.0.1:8000/en/endorsements/bcd2345.1.1782000000.aB_-" + "x" * 39 + "/"
    post(text=f"Ça va ? <script>alert(1)</script>\n\nConfirm here:\n{link}\n")
    [file] = folder.iterdir()
    page = client.get(f"/outbox/{file.stem}/").content.decode()
    assert link in Links(page).found
    assert "Ça va ?" in page
    assert "<script>alert" not in page
    assert f"/outbox/{file.stem}/" in Links(client.get("/outbox/").content.decode()).found


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a" * 64, "a", "..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "A" * 64, "a" * 63 + "%00"])
def test_no_other_file_can_be_read(client: Client, folder: Path, name: str) -> None:
    post()
    (folder / "a.eml").write_text("Subject: x\n\nsecret")
    assert client.get(f"/outbox/{name}/").status_code == 404


@pytest.mark.django_db
def test_the_pages_are_absent_unless_this_is_one_persons_machine(client: Client, folder: Path, settings: Any) -> None:
    post()
    settings.COALITION_LOCAL = False
    [file] = folder.iterdir()
    assert client.get("/outbox/").status_code == 404
    assert client.get(f"/outbox/{file.stem}/").status_code == 404


# The switch


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    """Starts Django as an operator would and asks which view stands at /outbox/."""
    program = (
        "import django, sys; django.setup()\n"
        "from django.conf import settings; from django.urls import Resolver404, resolve\n"
        "try: print('served', resolve('/outbox/').url_name)\n"
        "except Resolver404: print('absent', settings.EMAIL_BACKEND)\n"
    )
    base = {name: value for name, value in os.environ.items() if name not in {"COALITION_LOCAL", "ALLOWED_HOSTS"}}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=base | environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_production_cannot_serve_the_outbox() -> None:
    started = start(SITE_URL="https://letters.example.org", EMAIL_URL="smtp+tls://user:password@mail.example.org:587")
    assert started.stdout.split() == ["absent", "django.core.mail.backends.smtp.EmailBackend"], started.stderr


@pytest.mark.slow
def test_one_persons_machine_serves_it() -> None:
    started = start(SITE_URL="http://127.0.0.1:8000", COALITION_LOCAL="1")
    assert started.stdout.split() == ["served", "outbox"], started.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"SITE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "127.0.0.1,letters.example.org"},
        {"SITE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "*"},
        {"SITE_URL": "https://letters.example.org"},
    ],
)
def test_the_switch_is_refused_with_a_public_host(environment: dict[str, str]) -> None:
    started = start(COALITION_LOCAL="1", **environment)
    assert started.returncode != 0
    assert "COALITION_LOCAL" in started.stderr
    assert not started.stdout
