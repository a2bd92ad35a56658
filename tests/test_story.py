"""The main job, end to end, as the people in it live it: through pages, mails and the desk."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from letters.models import Endorsement
from tests.factories import a_letter, a_moderator, an_organisation
from tests.reading import count_on, link_in, links_of, text_of, words_of

pytestmark = pytest.mark.django_db


def test_an_organisation_signs_and_the_public_sees_it(run_jobs, outbox):
    letter = a_letter(title="Keep river data public")
    mawingu = an_organisation("Mawingu Water Forum", is_listed=True)
    chiara = a_moderator(letter, name="Chiara")

    # Bruno reads the letter and goes to the form.
    bruno = Client()
    page = bruno.get(letter.get_absolute_url())
    assert count_on(page) == 0
    assert not page.cookies
    sign = f"{letter.get_absolute_url()}sign/"
    assert sign in links_of(page)

    # He looks for his organisation, which is known, and picks it.
    form = bruno.post(sign, {"organisation_name": "mawingu", "find": "1"})
    assert "1 organisation found" in text_of(form)
    assert f'value="{mawingu.public_id}"' in form.content.decode()
    entry = {
        "organisation_name": "mawingu",
        "organisation": mawingu.public_id,
        "representative_name": "Bruno Otieno",
        "representative_role": "Director",
        "representative_email": "Bruno@mawingu.example.org",
        "visibility": "named",
        "authority": "on",
        "consent": "on",
    }
    sent = bruno.post(sign, entry, follow=True)
    assert sent.request["PATH_INFO"] == f"{sign}sent/"
    assert "Bruno@mawingu.example.org" in text_of(sent)
    assert "nothing is published and nothing counts" in text_of(sent)

    # A message arrives, in text and HTML, with one link.
    run_jobs()
    [message] = outbox()
    assert message["To"] == "Bruno@mawingu.example.org"
    assert message["Subject"] == "Confirm your signature: Keep river data public"
    assert "Mawingu Water Forum" in words_of(message)
    link = link_in(message)
    assert link in message.get_body(("html",)).get_content().replace("&amp;", "&")

    # Opening the link changes nothing, however often a mail scanner does it.
    for _ in range(3):
        shown = bruno.get(link)
    assert "Check your entry and confirm" in text_of(shown)
    assert Endorsement.objects.get().status == "submitted"

    # The button does.
    confirmed = bruno.post(link, {"action": "confirm"}, follow=True)
    assert "Waiting for check" in text_of(confirmed)
    assert Endorsement.objects.get().status == "confirmed"
    assert count_on(Client().get(letter.get_absolute_url())) == 0

    # Chiara finds it in her queue and approves it.
    desk = Client()
    desk.force_login(chiara)
    queue = desk.get("/admin/letters/endorsement/")
    assert "Mawingu Water Forum" in text_of(queue)
    endorsement = Endorsement.objects.get()
    desk.post(reverse("admin:letters_endorsement_step", args=[endorsement.pk, "approve"]), {"was": "confirmed"})
    assert Endorsement.objects.get().status == "approved"

    # Bruno is told, with his own link.
    run_jobs()
    subjects = [message["Subject"] for message in outbox()]
    assert subjects[-1] == "Published: Keep river data public"

    # The public sees the name on the letter, in the list and on the organisation's page, and the count.
    page = Client().get(letter.get_absolute_url())
    assert count_on(page) == 1
    assert "Mawingu Water Forum" in text_of(page)
    assert "Bruno" not in text_of(page)
    listed = Client().get(f"{letter.get_absolute_url()}signatories/")
    assert count_on(listed) == 1
    assert "Mawingu Water Forum" in text_of(listed)
    organisation = Client().get(mawingu.get_absolute_url())
    assert "Keep river data public" in text_of(organisation)
    home = Client().get("/en/")
    assert "1 organisation" in text_of(home)

    # With the link of the last message he later hides the name, and then withdraws.
    own = link_in(outbox()[-1])
    bruno.post(own, {"action": "lower", "visibility": "counted"})
    page = Client().get(letter.get_absolute_url())
    assert count_on(page) == 1
    assert "Mawingu" not in text_of(page)
    assert "one organisation more, country not given" in text_of(page)
    bruno.post(own, {"action": "withdraw"})
    assert count_on(Client().get(letter.get_absolute_url())) == 0
    assert Client().get(mawingu.get_absolute_url()).status_code == 200  # a moderator lists it


def test_an_organisation_nobody_knows_adds_itself(run_jobs, outbox):
    letter = a_letter()
    chiara = a_moderator(letter)
    amina = Client()
    sign = f"{letter.get_absolute_url()}sign/"
    entry = {
        "organisation_name": "جمعية أصدقاء النهر",
        "representative_name": "Amina",
        "representative_role": "Chair",
        "representative_email": "amina@nahr.example.org",
        "visibility": "named",
        "authority": "on",
        "consent": "on",
    }
    asked = amina.post(sign, entry)
    assert "Select a country" in text_of(asked)
    assert "amina@nahr.example.org" in asked.content.decode()
    amina.post(sign, {**entry, "organisation": "new", "country": "JO", "website": "nahr.example.org"})
    run_jobs()
    amina.post(link_in(outbox()[-1]), {"action": "confirm"})
    endorsement = Endorsement.objects.get()
    assert endorsement.organisation.standing == "provisional"
    assert Client().get(endorsement.organisation.get_absolute_url()).status_code == 404

    desk = Client()
    desk.force_login(chiara)
    desk.post(reverse("admin:letters_endorsement_step", args=[endorsement.pk, "approve"]), {"was": "confirmed"})
    page = Client().get(letter.get_absolute_url())
    assert "جمعية أصدقاء النهر" in text_of(page)
    assert "Jordan" in text_of(page)
    assert "nahr.example.org" in text_of(Client().get(endorsement.organisation.get_absolute_url()))
