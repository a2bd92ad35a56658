"""The desk's own pages: signing in by e-mail, people, and the coalition's details."""

from __future__ import annotations

import pytest
from django.test import Client

from coalition.models import SiteSettings, User
from letters.models import LetterRole
from tests.factories import PASSWORD, UserFactory, a_letter
from tests.reading import links_of, text_of

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/coalition/user/"
SITE = "/admin/coalition/sitesettings/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(UserFactory(administrator=True, name="Amina"))
    return client


# Signing in


@pytest.mark.parametrize("typed", ["chiara@coalition.example", "Chiara@Coalition.Example"])
def test_one_signs_in_by_email(client, typed):
    UserFactory(staff=True, email="chiara@coalition.example", name="Chiara")
    page = client.get("/admin/login/")
    assert "Sign in" in text_of(page)
    assert "Email address:" in text_of(page)
    answer = client.post("/admin/login/?next=/admin/", {"username": typed, "password": PASSWORD}, follow=True)
    assert answer.redirect_chain == [("/admin/", 302)]
    assert "Chiara" in text_of(answer)


@pytest.mark.parametrize(
    ("who", "password"),
    [({"staff": True}, "wrong"), ({}, PASSWORD), ({"staff": True, "is_active": False}, PASSWORD)],
)
def test_others_get_the_same_sentence(client, who, password):
    user = UserFactory(**who)
    answer = client.post("/admin/login/", {"username": user.email, "password": password})
    assert "Please enter the correct email address and password for a staff account." in text_of(answer)
    assert "_auth_user_id" not in client.session


def test_one_signs_out_by_a_button(desk):
    page = desk.get("/admin/").content.decode()
    assert 'method="post" action="/admin/logout/"' in page
    desk.post("/admin/logout/")
    assert "_auth_user_id" not in desk.session


def test_the_first_page_leads_to_the_rooms_that_one_may_enter(desk):
    links = links_of(desk.get("/admin/"))
    for room in (
        "/admin/letters/endorsement/",
        "/admin/letters/letter/",
        "/admin/signatories/organisation/",
        PEOPLE,
        SITE,
    ):
        assert room in links
    staff = Client()
    staff.force_login(UserFactory(staff=True))
    links = links_of(staff.get("/admin/"))
    assert "/admin/letters/endorsement/" in links
    assert PEOPLE not in links
    assert SITE not in links
    for link in {link for link in links if link.startswith("/admin/")}:
        assert staff.get(link).status_code == 200


# People


def test_administrators_add_people(desk):
    new = {"email": "Bruno@Coalition.Example", "name": "Bruno", "password1": PASSWORD, "password2": PASSWORD}
    answer = desk.post(f"{PEOPLE}add/", new)
    bruno = User.objects.get(email="bruno@coalition.example")
    assert answer["Location"] == f"{PEOPLE}{bruno.pk}/change/"
    assert bruno.check_password(PASSWORD)
    assert (bruno.is_staff, bruno.is_superuser) == (False, False)
    again = desk.post(f"{PEOPLE}add/", new)
    assert "already exists" in text_of(again)
    weak = desk.post(f"{PEOPLE}add/", new | {"email": "b@c.example", "password1": "short", "password2": "short"})
    assert "at least 15 characters" in text_of(weak)


def test_who_is_added_may_enter_the_desk_unless_that_is_unticked(desk):
    form = desk.get(f"{PEOPLE}add/").context["adminform"].form
    typed = {field.name: "on" for field in form if field.value() is True}
    assert typed == {"is_staff": "on"}
    new = {"email": "bruno@coalition.example", "name": "Bruno", "password1": PASSWORD, "password2": PASSWORD}
    desk.post(f"{PEOPLE}add/", new | typed)
    bruno = Client()
    signed_in = bruno.post(
        "/admin/login/?next=/admin/", {"username": "bruno@coalition.example", "password": PASSWORD}, follow=True
    )
    assert "You have no role on any letter yet" in text_of(signed_in)
    assert "Ask an administrator for one." in text_of(signed_in)
    LetterRole.objects.create(user=User.objects.get(name="Bruno"), letter=a_letter(), role="moderator")
    assert "You have no role" not in text_of(bruno.get("/admin/"))
    assert "You have no role" not in text_of(desk.get("/admin/"))


def test_administrators_change_people(desk):
    bruno = UserFactory(email="bruno@coalition.example")
    page = f"{PEOPLE}{bruno.pk}/change/"
    entry = {"email": "BRUNO@else.example", "name": "Bruno O.", "language": "fr", "time_zone": "Africa/Nairobi"}
    assert desk.post(page, entry | {"is_active": "on", "is_staff": "on"}).status_code == 302
    bruno.refresh_from_db()
    assert (bruno.email, bruno.language, bruno.is_staff, bruno.is_superuser) == (
        "bruno@else.example",
        "fr",
        True,
        False,
    )
    assert bruno.check_password(PASSWORD)
    assert "Enter a time zone like Europe/Paris" in text_of(desk.post(page, entry | {"time_zone": "Mars/Base"}))
    assert desk.post(f"{PEOPLE}{bruno.pk}/delete/", {"post": "yes"}).status_code == 403


def test_administrators_set_a_password(desk):
    bruno = UserFactory()
    new = "another seventeen rivers"
    answer = desk.post(
        f"{PEOPLE}{bruno.pk}/password/",
        {"password1": new, "password2": new, "usable_password": "true", "set-password": "1"},
    )
    assert answer.status_code == 302
    bruno.refresh_from_db()
    assert bruno.check_password(new)


def test_nobody_else_sees_people_or_gives_themselves_anything(client):
    chiara = UserFactory(staff=True)
    client.force_login(chiara)
    entry = {"email": chiara.email, "language": "en", "time_zone": "UTC", "is_staff": "on", "is_superuser": "on"}
    for address in (PEOPLE, f"{PEOPLE}add/", f"{PEOPLE}{chiara.pk}/change/", f"{PEOPLE}{chiara.pk}/password/", SITE):
        assert client.get(address).status_code == 403
        assert client.post(address, entry).status_code == 403
    chiara.refresh_from_db()
    assert not chiara.is_superuser
    assert client.get("/admin/auth/group/").status_code == 404, "roles are given per letter"


# The coalition's details


def test_saving_the_site_makes_its_pages_anew(desk, client):
    letter = a_letter()
    reader = Client()
    assert desk.get(SITE)["Location"] == f"{SITE}add/"
    entry = {"name": "River Commons", "contact_email": "letters@rivers.example", "imprint": "River Commons, Nairobi"}
    assert desk.post(f"{SITE}add/", entry).status_code == 302
    assert "River Commons" in text_of(reader.get(letter.get_absolute_url()))
    assert desk.get(SITE)["Location"] == f"{SITE}1/change/"
    desk.post(f"{SITE}1/change/", entry | {"name": "Shared Rivers"})
    row = SiteSettings.objects.get()
    assert (row.pk, row.name, row.revision) == (1, "Shared Rivers", 2)
    assert "Shared Rivers" in text_of(reader.get(letter.get_absolute_url()))
    assert desk.get(f"{SITE}add/").status_code == 403
    assert desk.post(f"{SITE}1/delete/", {"post": "yes"}).status_code == 403


def test_no_page_of_django_needs_an_inline_style_or_script(desk):
    import re

    bruno = UserFactory()
    SiteSettings.objects.create(id=1)
    addresses = ["/admin/", PEOPLE, f"{PEOPLE}add/", f"{PEOPLE}{bruno.pk}/change/", f"{PEOPLE}{bruno.pk}/password/"]
    for address in [*addresses, f"{SITE}1/change/", "/admin/password_change/"]:
        page = desk.get(address).content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)|javascript:", page), address
