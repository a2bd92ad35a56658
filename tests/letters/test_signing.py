"""The sign form, the page after it, and the link in the mail: each wrong turn has a clear page and loses nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from coalition import links
from letters import endorsing
from letters.models import Endorsement, EndorsementEvent, Letter
from signatories import vetting
from tests.factories import NOON, a_letter, an_endorsement, an_organisation
from tests.reading import link_in, text_of, words_of

pytestmark = pytest.mark.django_db

ENTRY = {
    "organisation_name": "New Wells Committee",
    "organisation": "new",
    "country": "KE",
    "website": "wells.example.org",
    "representative_name": "Bruno Otieno",
    "representative_role": "Director",
    "representative_email": "bruno@wells.example.org",
    "visibility": "named",
    "authority": "on",
    "consent": "on",
}


def sign_url(letter) -> str:
    return f"{letter.get_absolute_url()}sign/"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"organisation_name": ""}, "Enter the name of your organisation"),
        ({"organisation_name": "x" * 301}, "Name must be 300 characters or fewer"),
        ({"organisation_name": "ﷺ" * 20}, "Name must be 300 characters or fewer"),
        ({"country": ""}, "Select a country"),
        ({"country": "ZZ"}, "Select a country"),
        ({"website": "javascript:alert(1)"}, "Enter a website like organisation.org"),
        ({"website": "https://user:secret@wells.example.org"}, "Enter a website like organisation.org"),
        ({"website": "localhost"}, "Enter a website like organisation.org"),
        ({"website": "http://[bad"}, "Enter a website like organisation.org"),
        ({"representative_name": " "}, "Enter your full name"),
        ({"representative_role": ""}, "Enter your role, for example Director"),
        ({"representative_email": "bruno@wells"}, "Enter an email address with a domain, like name@organisation.org"),
        ({"representative_email": "mıke@wells.example.org"}, "Enter an email address with a domain"),
        ({"representative_email": "bruno@we\u200blls.example.org"}, "Enter an email address with a domain"),
        ({"representative_email": "bruno@[127.0.0.1]"}, "Enter an email address with a domain"),
        ({"representative_email": "a@b.org\nBcc: c@d.org"}, "Enter an email address with a domain"),
        ({"visibility": "loud"}, "Select how your organisation appears"),
        ({"visibility": ""}, "Select how your organisation appears"),
        ({"authority": ""}, "Confirm that you may sign for your organisation"),
        ({"consent": ""}, "Confirm that your organisation agrees to appear in this way"),
    ],
)  # fmt: skip
def test_a_wrong_answer_gets_its_sentence_and_everything_typed_is_kept(client, change, sentence):
    letter = a_letter()
    page = client.post(sign_url(letter), {**ENTRY, **change})
    assert page.status_code == 200
    assert text_of(page).count(sentence) >= 2  # in the summary above and beside the field
    assert "Error:" in text_of(page)
    for name in {"representative_name", "representative_role", "representative_email", "website"} - set(change):
        assert f'value="{ENTRY[name]}"' in page.content.decode()
    assert not Endorsement.objects.exists()


def test_each_error_in_the_summary_links_to_a_field_that_is_there(client):
    import re

    page = client.post(sign_url(a_letter()), {"organisation_name": "x", "organisation": "new"})
    body = page.content.decode()
    targets = re.findall(r'<li><a href="#([\w-]+)">', body)
    assert len(targets) >= 6
    for target in targets:
        assert f'id="{target}"' in body


def test_names_of_real_organisations_are_accepted_unchanged(client, run_jobs, outbox):
    letter = a_letter()
    names = [
        "+972 Magazine", ">make Utopia_",
        "藏人行政中央", "བོད་མིའི་སྒྲིག་འཛུགས།", "Žižek & Söhne e.V.", "نظرة للدراسات النسوية",
        "O'Brien’s “Wells”", "3C", "Ökoforum; Donauauen (AT)", "- Dash -", "=SUM Collective", "می‌شود", "नदी अधिकार मंच",
    ]  # fmt: skip
    for number, name in enumerate(names):
        entry = {**ENTRY, "organisation_name": name, "representative_email": f"a{number}@wells{number}.example.org"}
        with time_machine.travel(timezone.now() + timedelta(minutes=5 * number), tick=False):
            assert client.post(sign_url(letter), entry).status_code == 302, name
    assert list(Endorsement.objects.order_by("id").values_list("printed_name", flat=True)) == names


def test_fields_that_are_not_asked_do_nothing(client):
    letter = a_letter()
    client.post(
        sign_url(letter), {**ENTRY, "status": "approved", "tier": "convener", "evidence": "checked", "order": "1"}
    )
    endorsement = Endorsement.objects.get()
    assert (endorsement.status, endorsement.tier, endorsement.evidence, endorsement.order) == (
        "submitted", "signatory", "", None,
    )  # fmt: skip


def test_the_form_finds_only_public_organisations(client):
    letter = a_letter()
    an_endorsement(letter, an_organisation("Mawingu Water Forum"))
    an_organisation("Mawingu Secret Circle")
    an_endorsement(letter, an_organisation("Mawingu Counted Union"), visibility="counted")
    an_organisation("Mawingu At Risk", is_listed=True, at_risk=True)
    page = client.post(sign_url(letter), {"organisation_name": "Mawingu", "find": "1"})
    assert "Mawingu Water Forum" in text_of(page)
    for hidden in ("Secret", "Counted", "At Risk"):
        assert hidden not in text_of(page)


def test_an_id_of_a_hidden_organisation_is_not_taken_from_the_form(client):
    hidden = an_organisation("Hidden Circle")
    letter = a_letter()
    client.post(sign_url(letter), {**ENTRY, "organisation": hidden.public_id})
    assert not hidden.endorsements.exists()


def test_a_lapsed_page_keeps_what_was_typed():
    browser = Client(enforce_csrf_checks=True)
    letter = a_letter()
    page = browser.post(sign_url(letter), ENTRY)
    assert page.status_code == 403
    assert "had been open too long" in text_of(page)
    assert ENTRY["representative_email"] in page.content.decode()
    assert not Endorsement.objects.exists()


def test_a_form_page_sets_the_csrf_cookie_only_and_is_stored_nowhere(client):
    page = client.get(sign_url(a_letter()))
    assert set(page.cookies) == {"csrf"}
    assert page["Cache-Control"] == "no-store"


def test_the_honeypot_and_haste_are_noted_and_not_told(client):
    letter = a_letter()
    page = client.post(sign_url(letter), {**ENTRY, "fax": "1"}, follow=True)
    assert "Confirm from your inbox" in text_of(page)
    assert set(Endorsement.objects.get().signals) == {"honeypot", "no_start"}


def test_what_nobody_sees_is_taken_out_and_told_to_the_desk(client):
    letter = a_letter()
    hidden = {"organisation_name": "New\u200b Wells\u202e Committee\u2066", "website": "we\u200blls.example.org"}
    hidden |= {"representative_name": "Bruno\u202e Otieno", "representative_role": "\ufeffDirector"}
    assert client.post(sign_url(letter), ENTRY | hidden).status_code == 302
    endorsement = Endorsement.objects.select_related("organisation", "representative").get()
    assert endorsement.printed_name == endorsement.organisation.name == "New Wells Committee"
    assert endorsement.organisation.website == "https://wells.example.org"
    assert (endorsement.representative.name, endorsement.representative.role) == ("Bruno Otieno", "Director")
    assert "hidden_characters" in endorsement.signals


def test_after_the_deadline_the_form_says_so(client):
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=1))
    with time_machine.travel(NOON, tick=False):
        for answer in (client.get(sign_url(letter)), client.post(sign_url(letter), ENTRY)):
            assert "Signatures are closed" in text_of(answer)
            assert "24 November 2026" in text_of(answer)
    assert not Endorsement.objects.exists()


def test_too_many_from_one_network_wait_a_minute_and_lose_nothing(client):
    letter = a_letter()
    with time_machine.travel(NOON, tick=False):
        for number in range(9):
            page = client.post(sign_url(letter), {**ENTRY, "representative_email": f"a{number}@wells.example.org"})
        assert page.status_code == 429
        assert "Try again after 12:0" in text_of(page)
        assert "a8@wells.example.org" in page.content.decode()
    assert Endorsement.objects.count() == 8


def test_a_flood_is_held_without_a_word(client):
    letter = a_letter()
    for number in range(32):
        with time_machine.travel(NOON + timedelta(seconds=20 * number), tick=False):
            page = client.post(sign_url(letter), {**ENTRY, "representative_email": f"a{number}@wells.example.org"})
            assert page.status_code == 302
    assert Endorsement.objects.filter(status="held").count() == 2


def test_the_answer_is_the_same_whether_or_not_the_address_has_signed(client):
    letter = a_letter()
    signed = an_endorsement(letter, representative_email="known@wells.example.org")

    def answer(address: str):
        browser = Client()
        entry = {**ENTRY, "organisation_name": signed.organisation.name, "organisation": signed.organisation.public_id}
        page = browser.post(sign_url(letter), {**entry, "representative_email": address}, follow=True)
        return page.redirect_chain, sorted(browser.cookies), text_of(page).replace(address, "…")

    assert answer("known@wells.example.org") == answer("other@wells.example.org")


def test_send_again_mails_once_a_minute(client, run_jobs, outbox):
    letter = a_letter()
    sent = client.post(sign_url(letter), ENTRY)["Location"]
    for _ in range(4):
        page = client.post(sent, follow=True)
    assert "another is on its way" in text_of(page)
    run_jobs()
    assert len(outbox()) == 2


def test_the_inbox_page_without_its_cookie_leads_back_to_the_form(client):
    letter = a_letter()
    assert client.get(f"{sign_url(letter)}sent/")["Location"] == sign_url(letter)
    client.cookies["sent"] = "forged"
    assert client.get(f"{sign_url(letter)}sent/")["Location"] == sign_url(letter)


def test_a_logo_survives_another_error_and_reaches_the_endorsement(client):
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (300, 100), "navy").save(picture, "PNG")
    letter = a_letter()
    upload = SimpleUploadedFile("logo.png", picture.getvalue(), content_type="image/png")
    page = client.post(sign_url(letter), {**ENTRY, "authority": "", "logo": upload})
    kept = page.content.decode().split('name="kept_logo" value="')[1].split('"')[0]
    client.post(sign_url(letter), {**ENTRY, "kept_logo": kept})
    endorsement = Endorsement.objects.get()
    assert endorsement.logo.size > 50
    assert endorsement.consents_to_logo
    endorsing.confirm(endorsement)
    endorsing.approve(endorsement, by=None)
    page = endorsement.organisation.get_absolute_url()
    assert f'src="{page}logo.png"' in client.get(page).content.decode()
    shown = client.get(f"{page}logo.png")
    assert shown["Content-Type"] == "image/png"
    assert b"".join(shown.streaming_content).startswith(b"\x89PNG")
    bad = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", content_type="image/png")
    assert "must be a PNG, JPEG or WebP" in text_of(client.post(sign_url(letter), {**ENTRY, "logo": bad}))


# The link in the mail


def token_for(endorsement: Endorsement, purpose: links.Purpose = links.Purpose.CONFIRM, **change) -> str:
    values = {"public_id": endorsement.public_id, "epoch": endorsement.representative.link_epoch, **change}
    return links.make(values["public_id"], purpose, values["epoch"], endorsement.submitted_at)


def test_a_get_on_any_link_of_any_mail_changes_nothing(client, run_jobs, outbox):
    letter = a_letter()
    for state in ("submitted", "confirmed", "asked", "approved", "rejected", "withdrawn"):
        endorsement = an_endorsement(letter, state="submitted")
        run_jobs()
        if state != "submitted":
            endorsing.confirm(endorsement)
            run_jobs()
        if state == "asked":
            endorsing.ask(endorsement, by=None, note="Who?")
        elif state == "approved":
            endorsing.approve(endorsement, by=None)
        elif state == "rejected":
            endorsing.reject(endorsement, by=None, code="no_authority")
        elif state == "withdrawn":
            endorsing.withdraw(endorsement)
        run_jobs()
    before = (list(Endorsement.objects.values()), EndorsementEvent.objects.count())
    paths = {link_in(message) for message in outbox() if "/endorsements/" in words_of(message)}
    assert len(paths) >= 10
    for path in paths:
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert (list(Endorsement.objects.values()), EndorsementEvent.objects.count()) == before


def test_an_altered_link_is_a_clear_page_and_tells_nothing(client):
    endorsement = an_endorsement(state="submitted")
    token = token_for(endorsement)
    other = token_for(an_endorsement(state="submitted"))
    for altered in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.replace(".0.", ".1."),
        other[:17] + token[17:],
    ):
        page = client.get(f"/en/endorsements/{altered}/")
        assert page.status_code == 404
        assert "This link does not work" in text_of(page)
        assert client.post(f"/en/endorsements/{altered}/", {"action": "confirm"}).status_code == 404
    assert endorsement.printed_name not in text_of(page)
    assert set(Endorsement.objects.values_list("status", flat=True)) == {"submitted"}


def test_a_link_for_one_purpose_does_nothing_of_the_other(client):
    endorsement = an_endorsement(state="submitted")
    client.post(f"/en/endorsements/{token_for(endorsement)}/", {"action": "withdraw"})
    client.post(f"/en/endorsements/{token_for(endorsement, links.Purpose.MANAGE)}/", {"action": "confirm"})
    endorsement.refresh_from_db()
    assert endorsement.status == "submitted"


def test_a_link_replayed_shows_the_state_and_confirms_nothing_twice(client):
    endorsement = an_endorsement(state="submitted")
    path = f"/en/endorsements/{token_for(endorsement)}/"
    first = client.post(path, {"action": "confirm"}, follow=True)
    again = client.post(path, {"action": "confirm"}, follow=True)
    assert "Waiting for check" in text_of(first)
    assert "Withdraw the signature" in text_of(first)
    assert "Waiting for check" in text_of(again)
    assert "Withdraw the signature" not in text_of(again)  # the link to manage it goes by mail, to its owner
    assert endorsement.events.filter(verb="confirm").count() == 1
    assert "Waiting for check" in text_of(client.get(path))


def test_an_old_link_says_that_its_time_has_passed(client):
    letter = a_letter(closes_at=NOON + timedelta(days=90), at=NOON)
    endorsement = an_endorsement(letter, state="submitted", at=NOON)
    path = f"/en/endorsements/{token_for(endorsement)}/"
    with time_machine.travel(NOON + timedelta(days=21), tick=False):
        assert "time to confirm has passed" in text_of(client.get(path))
        page = client.post(path, {"action": "confirm"})
        assert page.status_code == 409
        assert "time to confirm has passed" in text_of(page)
        endorsement.refresh_from_db()
        assert endorsement.status == "submitted"
        endorsing.expire(endorsement, at=NOON + timedelta(days=21))
        page = client.get(path)
        assert "Nobody confirmed in time, so this signature does not count. You can sign again." in text_of(page)
        assert f'<a href="{sign_url(letter)}">You can sign again.</a>' in page.content.decode()


def test_in_the_grace_hour_the_link_still_confirms_and_after_it_not(client):
    letter = a_letter(closes_at=NOON, at=NOON - timedelta(days=1))
    one, two = (an_endorsement(letter, state="submitted", at=NOON - timedelta(minutes=5)) for _ in range(2))
    with time_machine.travel(NOON + timedelta(minutes=30), tick=False):
        assert client.post(f"/en/endorsements/{token_for(one)}/", {"action": "confirm"}).status_code == 302
    with time_machine.travel(NOON + timedelta(minutes=61), tick=False):
        assert client.post(f"/en/endorsements/{token_for(two)}/", {"action": "confirm"}).status_code == 409
    assert [e.status for e in Endorsement.objects.order_by("id")] == ["confirmed", "submitted"]


def test_not_me_ends_it(client):
    endorsement = an_endorsement(state="submitted")
    client.post(f"/en/endorsements/{token_for(endorsement)}/", {"action": "not_me"})
    endorsement.refresh_from_db()
    assert endorsement.status == "withdrawn"
    assert endorsement.events.last().code == "not_me"


def test_a_question_is_read_and_answered_on_the_page(client):
    endorsement = an_endorsement(state="asked")
    path = f"/en/endorsements/{token_for(endorsement, links.Purpose.MANAGE)}/"
    assert "Who decided this?" in text_of(client.get(path))
    empty = client.post(path, {"action": "answer", "answer": ""})
    assert empty.status_code == 422
    assert "Write an answer" in text_of(empty)
    client.post(path, {"action": "answer", "answer": "The board, on 3 May."})
    endorsement.refresh_from_db()
    assert endorsement.status == "confirmed"
    assert endorsement.events.last().note.text == "The board, on 3 May."


def test_private_pages_are_stored_nowhere_and_tell_no_other_site(client):
    page = client.get(f"/en/endorsements/{token_for(an_endorsement())}/")
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] in ("no-referrer", "strict-origin", "same-origin")
    assert "noindex" in page.content.decode()


def test_an_unknown_action_changes_nothing(client):
    endorsement = an_endorsement()
    path = f"/en/endorsements/{token_for(endorsement, links.Purpose.MANAGE)}/"
    for action in ("", "approve", "delete"):
        assert client.post(path, {"action": action}).status_code == 400
    endorsement.refresh_from_db()
    assert endorsement.status == "approved"


def test_finding_an_organisation_finds_no_fault_with_what_is_not_filled_in_yet(client):
    page = client.post(sign_url(a_letter()), {"organisation_name": "Wells", "find": "1"})
    assert "Error:" not in text_of(page)
    assert "Enter your full name" not in text_of(page)


@pytest.mark.parametrize("typed", ["", " ", "W"])
def test_finding_nobody_by_name_says_what_to_enter(client, typed):
    page = client.post(sign_url(a_letter()), {"organisation_name": typed, "website": "wells.example", "find": "1"})
    assert "Error:" in text_of(page)
    assert "Enter the name of your organisation" in text_of(page)
    assert "Enter your full name" not in text_of(page)
    assert 'value="wells.example"' in page.content.decode()


def test_a_request_without_any_field_is_answered_with_all_errors(client):
    page = client.post(sign_url(a_letter()), {})
    assert page.status_code == 200
    assert "Enter the name of your organisation" in text_of(page)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entry=st.dictionaries(
        st.sampled_from(sorted({*ENTRY, "fax", "started", "kept_logo", "updates", "find"})),
        st.text(max_size=80),
        max_size=8,
    )
)
@example(entry={"organisation": "\x00", "fax": "\x00", "started": "\x00", "kept_logo": "\x00"})
@example(entry={"representative_email": "a@" + "b" * 70 + ".org", "website": "http://" + "a." * 40})
@example(entry={"organisation_name": "\ud800\ufdd0\u202e", "country": "\ud800"})
def test_whatever_is_typed_the_form_answers(client, entry):
    letter = Letter.objects.filter(slug="any").first() or a_letter(slug="any")
    posted = {**ENTRY, **{key: value.encode("utf-8", "replace").decode() for key, value in entry.items()}}
    answer = client.post(sign_url(letter), posted)
    assert answer.status_code in (200, 302, 429)
    if answer.status_code == 200 and "find" not in entry:
        assert '<li><a href="#id_' in answer.content.decode()


@pytest.mark.parametrize(
    "name", ["Water [Kenya] Forum", "Water [Kenya", "Water Forum／Kenya", "水：论坛", "http://[::1"]
)
def test_brackets_and_wide_signs_in_a_name_are_no_accident(client, name):
    letter = a_letter()
    assert client.post(sign_url(letter), {"organisation_name": name, "find": "1"}).status_code == 200
    assert client.post(sign_url(letter), {**ENTRY, "organisation_name": name}).status_code == 302


def test_the_inbox_page_gives_the_same_time_to_an_address_that_has_signed_before(client):
    letter = a_letter(closes_at=NOON + timedelta(days=90), at=NOON)
    signed = an_endorsement(letter, at=NOON, representative_email="known@wells.example.org", visibility="confidential")
    entry = {**ENTRY, "organisation_name": signed.organisation.name, "country": "KE"}
    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        told = [
            text_of(Client().post(sign_url(letter), {**entry, "representative_email": address}, follow=True))
            for address in ("known@wells.example.org", "other@wells.example.org")
        ]
    assert all("works until" in page for page in told)
    assert told[0].partition("works until")[2] == told[1].partition("works until")[2]


def test_an_answer_of_invisible_characters_is_none(client):
    endorsement = an_endorsement(state="asked")
    path = f"/en/endorsements/{token_for(endorsement, links.Purpose.MANAGE)}/"
    assert client.post(path, {"action": "answer", "answer": "\u200b \u200b"}).status_code == 422


def test_a_held_page_reads_like_one_that_is_not_held():
    letter, organisation = a_letter(), an_organisation()
    pages = []
    for hold in (False, True):
        endorsement = an_endorsement(
            letter, organisation, state="asked", at=NOON, representative_email="a@b.example.org"
        )
        if hold:
            endorsing.hold(endorsement, by=None)
        path = f"/en/endorsements/{token_for(endorsement, links.Purpose.MANAGE)}/"
        pages.append(text_of(Client().get(path)))
    assert pages[0] == pages[1]


# Finding as one types


def as_one_types(client, letter, **typed):
    return client.post(sign_url(letter), {"find": "1", **typed}, headers={"HX-Request": "true"})


def test_as_one_types_the_same_is_found_as_by_the_button(client):
    letter = a_letter()
    forum = an_organisation("Mawingu Forum", is_listed=True, website="https://mawingu.org", acronym="MWF")
    an_organisation("Mawingu Hidden")
    for typed in ("mawingu", "MWF", "Mawngu Forum", "https://mawingu.org"):
        part = as_one_types(client, letter, organisation_name=typed)
        assert part.status_code == 200
        assert part["Cache-Control"] == "no-store"
        shown = part.content.decode()
        assert "<html" not in shown
        assert f'value="{forum.public_id}"' in shown
        assert 'id="pick2"' not in shown
        assert '<p id="found-status" hx-swap-oob="innerHTML">1 organisation found</p>' in shown
        assert "None of these: add my organisation" in shown
        assert 'name="country"' in shown
        assert "There is a problem" not in shown
        assert "representative" not in shown
    whole = client.post(sign_url(letter), {"find": "1", "organisation_name": "mawingu"}).content.decode()
    assert "<html" in whole
    assert f'value="{forum.public_id}"' in whole


def test_what_was_chosen_and_typed_stays_while_one_types_on(client):
    letter = a_letter()
    forum = an_organisation("Mawingu Forum", is_listed=True)
    typed = {
        "organisation_name": "mawing",
        "organisation": forum.public_id,
        "website": "https://x.org",
        "country": "KE",
    }
    shown = as_one_types(client, letter, **typed).content.decode()
    assert f'value="{forum.public_id}" checked' in shown
    assert 'value="https://x.org"' in shown
    assert '<option value="KE" selected>' in shown


def test_at_most_eight_are_shown_and_one_letter_is_too_little(client):
    letter = a_letter()
    for number in range(12):
        an_organisation(f"Mawingu Forum {number}", is_listed=True)
    shown = as_one_types(client, letter, organisation_name="Mawingu Forum").content.decode()
    assert shown.count('id="pick') == 9
    assert "8 organisations found" in shown
    for little in ("", "M", " M "):
        shown = as_one_types(client, letter, organisation_name=little).content.decode()
        assert "radio" not in shown
        assert "Mawingu" not in shown
        assert '<p id="found-status" hx-swap-oob="innerHTML"></p>' in shown


def test_finding_has_a_limit_for_each_network_and_loses_nothing_typed(client, monkeypatch):
    monkeypatch.setattr("letters.views.signing.FINDS_A_MINUTE", 2)
    letter = a_letter()
    an_organisation("Mawingu Forum", is_listed=True)
    for _ in range(2):
        assert as_one_types(client, letter, organisation_name="mawingu").status_code == 200
    assert as_one_types(client, letter, organisation_name="mawingu").status_code == 429
    page = client.post(sign_url(letter), {"find": "1", **ENTRY, "organisation_name": "mawingu"})
    assert page.status_code == 429
    assert "Many searches came from your network within a minute" in text_of(page)
    assert "Mawingu Forum" not in text_of(page)
    assert 'value="mawingu"' in page.content.decode()
    assert f'value="{ENTRY["representative_email"]}"' in page.content.decode()


def test_the_form_alone_has_a_script_which_is_htmx_2_from_our_own_address(client):
    letter = a_letter()
    page = client.get(sign_url(letter))
    scripts = re.findall(r'<script src="([^"]+)" defer></script>', page.content.decode())
    assert scripts == ["/static/django_htmx/htmx-2.min.js"]
    file = finders.find("django_htmx/htmx-2.min.js")
    assert file
    assert re.search(r'version:"2\.\d+\.\d+"', Path(file).read_text())
    assert "'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    for path in ("/en/", letter.get_absolute_url(), "/en/organisations/"):
        assert "<script" not in client.get(path).content.decode()


# A name in another script


def test_a_name_in_another_script_may_be_given_in_latin_letters_too(client):
    letter = a_letter()
    page = client.post(sign_url(letter), {"organisation_name": "منتدى المياه", "find": "1"})
    assert "Name in English or Latin letters (optional)" in text_of(page)
    assert "Latin letters" not in text_of(client.post(sign_url(letter), {"organisation_name": "Forum", "find": "1"}))
    entry = ENTRY | {"organisation_name": "منتدى المياه", "latin_name": "Muntada al-Miyah", "consent": ""}
    wrong = client.post(sign_url(letter), entry)
    assert 'value="Muntada al-Miyah"' in wrong.content.decode()
    assert client.post(sign_url(letter), entry | {"consent": "on"}).status_code == 302
    organisation = Endorsement.objects.get().organisation
    assert set(organisation.names.values_list("text", "kind", "language", "is_main")) == {
        ("منتدى المياه", "official", "", True),
        ("Muntada al-Miyah", "translation", "en", False),
    }
    assert organisation.slug.startswith("muntada-al-miyah-")
    assert Endorsement.objects.get().printed_name == "منتدى المياه"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("المياه", "Write this name in Latin letters, or leave it empty"),
        ("123", "Write this name in Latin letters, or leave it empty"),
        ("x" * 301, "Name must be 300 characters or fewer"),
    ],
)
def test_what_is_not_in_latin_letters_is_told_and_kept(client, typed, sentence):
    letter = a_letter()
    page = client.post(sign_url(letter), ENTRY | {"organisation_name": "منتدى المياه", "latin_name": typed})
    assert sentence in text_of(page)
    assert typed in page.content.decode()
    assert not Endorsement.objects.exists()


def test_what_is_typed_there_is_kept_while_one_types_on_and_asked_of_no_known_organisation(client):
    letter = a_letter()
    known = an_organisation("منتدى المياه", is_listed=True)
    typed = {"organisation_name": "منتدى المياه", "latin_name": "المياه", "organisation": known.public_id}
    assert 'value="المياه"' in as_one_types(client, letter, **typed).content.decode()
    assert client.post(sign_url(letter), ENTRY | typed).status_code == 302
    assert known.names.count() == 1


def test_what_is_found_is_called_in_the_readers_language_and_printed_as_it_signs(client):
    letter = a_letter()
    known = an_organisation("Water Forum", is_listed=True)
    vetting.add_name(known, text="Forum de l’eau", kind="translation", language="fr", by=None)
    address = sign_url(letter).replace("/en/", "/fr/")
    for typed in ("Forum de l’eau", "Water Forum"):
        page = client.post(address, {"organisation_name": typed, "find": "1"})
        found = page.content.decode().partition('id="found"')[2]
        assert f'value="{known.public_id}" checked' in found
        assert "<bdi>Forum de l’eau</bdi></label>" in found
        assert '<p class="hint"><bdi>Water Forum</bdi> · ' in found
        assert '<span class="name"><bdi>Water Forum</bdi></span>' in found
    client.post(address, ENTRY | {"organisation_name": "Forum de l’eau", "organisation": known.public_id})
    assert Endorsement.objects.get().printed_name == "Water Forum"
