"""Invitations: a personal link opens the letter under embargo, and there one signs or declines."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from coalition import links
from coalition.logs import redact
from coalition.workflow import NotAllowed
from letters import endorsing, inviting, lifecycle
from letters.models import Endorsement, Invitation, Letter, LetterEvent
from letters.tasks import forget, keep_the_clock
from tests.factories import NOON, UserFactory, a_letter, a_moderator, a_sign_on, an_endorsement, an_organisation
from tests.letters.test_signing import ENTRY
from tests.reading import count_on, link_in, text_of, words_of

pytestmark = pytest.mark.django_db

EMBARGO = NOON + timedelta(days=5)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def letter() -> Letter:
    """Open and under embargo."""
    return a_letter(slug="rivers", public_from=EMBARGO, texts={"fr": "Rendre publiques les données"})


def invite(letter: Letter, **said) -> Invitation:
    known = {"name": "New Wells Committee", "email": "bruno@wells.example.org", "language": "en"}
    inviting.invite(letter, by=None, **known | said)
    return letter.invitations.latest("pk")


def page_in(message) -> str:
    found = re.search(r"http://testserver(/[\w-]+/invitations/\S+)", words_of(message))
    assert found, "The mail has no link."
    return found[1]


@pytest.fixture
def door(letter, run_jobs, outbox) -> str:
    """The address in the one mail of an invitation."""
    invite(letter)
    run_jobs()
    return page_in(outbox()[-1])


def test_the_link_opens_the_letter_to_the_invited_and_to_nobody_else(letter, door, outbox):
    an_endorsement(letter, an_organisation("Amani Water Trust"))
    (mail,) = outbox()
    assert mail["To"] == "bruno@wells.example.org"
    assert mail["Subject"].startswith("Will New Wells Committee sign? Until ")
    assert words_of(mail).startswith("UNDER EMBARGO UNTIL Sunday 29 November 2026, 12:00 UTC")
    assert Client().get(letter.get_absolute_url()).status_code == 404
    shown = Client().get(door)
    words = text_of(shown)
    assert "Keep river data public" in words
    assert "Under embargo until Sunday 29 November 2026, 12:00 UTC" in words
    assert "We ask to be told." in words
    assert count_on(shown) == 1
    assert "Amani Water Trust" not in words
    assert shown["Cache-Control"] == "no-store"
    assert shown["Referrer-Policy"] == "strict-origin"
    assert '<meta name="robots" content="noindex">' in shown.content.decode()
    assert 'property="og:' not in shown.content.decode()
    assert "Rendre publiques les données" in text_of(Client().get(f"{door}?text=fr"))


def test_the_invited_signs_under_embargo_with_two_fields(letter, door, run_jobs, outbox):
    form = Client().get(f"{door}sign/")
    assert 'value="New Wells Committee"' in form.content.decode()
    assert 'value="bruno@wells.example.org"' in form.content.decode()
    assert "Under embargo until" in text_of(form)
    browser = Client()
    answer = browser.post(f"{door}sign/", ENTRY | {"version": "1"})
    assert answer["Location"] == f"{door}sign/sent/"
    assert "bruno@wells.example.org" in text_of(browser.get(answer["Location"]))
    run_jobs()
    (_, mail) = outbox()
    assert "UNDER EMBARGO UNTIL" in words_of(mail)
    confirm = link_in(mail)
    assert "Under embargo until" in text_of(Client().get(confirm))
    Client().post(confirm, {"action": "confirm", "version": "1"})
    endorsement = Endorsement.objects.get()
    assert endorsement.status == "confirmed"
    invitation = Invitation.objects.get()
    assert invitation.endorsement == endorsement
    assert "answered with a signature" in text_of(Client().get(door))
    refused = Client().post(door, {"reason": "No."})
    assert refused.status_code == 409
    assert Invitation.objects.get().declined_at is None


def test_an_organisation_on_the_register_is_chosen_already_even_one_at_risk(letter, run_jobs, outbox):
    organisation = an_organisation("Nightfall Forum", at_risk=True)
    invite(letter, name="Nightfall Forum", organisation=organisation)
    run_jobs()
    door = page_in(outbox()[-1])
    form = Client().get(f"{door}sign/").content.decode()
    assert f'value="{organisation.public_id}" checked' in form
    kept = {key: value for key, value in ENTRY.items() if key not in ("country", "website")}
    entry = kept | {"organisation_name": "Nightfall Forum", "organisation": organisation.public_id, "version": "1"}
    assert Client().post(f"{door}sign/", entry).status_code == 302
    assert Endorsement.objects.get().organisation == organisation
    elsewhere = Client().post(f"{a_letter().get_absolute_url()}sign/", {"find": "1"} | entry)
    assert "0 organisations found" in text_of(elsewhere)
    assert organisation.public_id not in elsewhere.content.decode()


def test_a_signature_that_ended_leaves_the_invitation_open(letter, door, run_jobs, outbox):
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    run_jobs()
    own = link_in(outbox()[-1])
    Client().post(own, {"action": "confirm", "version": "1"})
    run_jobs()
    own = link_in(outbox()[-1])
    assert f'href="{door}"' in Client().get(own).content.decode()
    assert f'href="{letter.get_absolute_url()}' not in Client().get(own).content.decode()
    Client().post(own, {"action": "withdraw"})
    ended = Client().get(door)
    assert "has ended. You can sign again." in text_of(ended)
    assert f'<a href="{door}sign/">You can sign again.</a>' in ended.content.decode()
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    assert [e.status for e in Endorsement.objects.order_by("pk")] == ["withdrawn", "submitted"]
    assert Invitation.objects.get().state == "signed"


def test_who_is_accepted_under_embargo_is_told_when_the_list_is_public(letter, run_jobs, outbox):
    an_endorsement(letter)
    run_jobs()
    mail = outbox()[-1]
    assert mail["Subject"].startswith("Accepted: ")
    assert "public list when the letter is public, from Sunday 29 November 2026, 12:00 UTC." in words_of(mail)
    assert "It stands in the public list" not in words_of(mail)


def test_a_form_sent_with_a_mistake_keeps_everything(letter, door):
    answer = Client().post(f"{door}sign/", ENTRY | {"version": "1", "representative_role": ""})
    assert "Enter your role" in text_of(answer)
    assert 'value="Bruno Otieno"' in answer.content.decode()
    assert not Endorsement.objects.exists()


def test_a_text_that_changed_meanwhile_is_read_behind_the_same_link(letter, door):
    answer = Client().post(f"{door}sign/", ENTRY | {"version": "7"})
    assert "The letter has changed while this page was open" in text_of(answer)
    assert f'href="{door}"' in answer.content.decode()
    assert not Endorsement.objects.exists()


def test_the_invited_declines_with_a_reason_and_may_change_its_mind(letter, door):
    assert Client().post(door, {"reason": "x" * 2001}).status_code == 422
    assert Client().post(door, {"reason": "Not our field."})["Location"] == door
    invitation = Invitation.objects.get()
    assert (invitation.declined_at, invitation.declined_for) == (NOON, "Not our field.")
    assert "has declined on Tuesday 24 November 2026, 12:00 UTC. You can still sign." in text_of(Client().get(door))
    assert Client().post(f"{door}sign/", ENTRY | {"version": "1"}).status_code == 302
    assert Invitation.objects.get().state == "signed"


def test_a_get_changes_nothing(letter, door):
    for address in (door, f"{door}sign/", f"{door}sign/sent/"):
        Client().get(address)
        Client().head(address)
    invitation = Invitation.objects.get()
    assert (invitation.state, invitation.declined_at) == ("waiting", None)


@pytest.mark.parametrize("end", ["revoked", "team", "taken_down"])
def test_a_link_opens_nothing_any_more(letter, door, end):
    invitation = Invitation.objects.get()
    if end == "revoked":
        inviting.revoke(letter, by=None, invitation=invitation)
    elif end == "team":
        lifecycle.set_audience(letter, by=None, audience="team", public_from=None, note="")
    else:
        lifecycle.take_down(letter, by=None, note="For their safety.")
    for address in (door, f"{door}sign/", f"{door}sign/sent/"):
        for answer in (Client().get(address), Client().post(address, ENTRY | {"version": "1"})):
            assert answer.status_code == 404
            assert "rivers" not in answer.content.decode()
    assert not Endorsement.objects.exists()


def test_links_of_one_purpose_open_nothing_of_another(letter, door):
    invitation = Invitation.objects.get()
    endorsement = an_endorsement(letter)
    for purpose in links.Purpose:
        token = links.make(invitation.public_id, purpose, 0, NOON)
        expected = 200 if purpose is links.Purpose.INVITATION else 404
        assert Client().get(f"/en/invitations/{token}/").status_code == expected
        assert Client().get(f"/en/endorsements/{token}/").status_code == 404
        other = links.make(endorsement.public_id, purpose, 0, NOON)
        assert Client().get(f"/en/invitations/{other}/").status_code == 404
    token = links.make(endorsement.public_id, links.Purpose.INVITATION, 0, NOON)
    assert Client().get(f"/en/endorsements/{token}/").status_code == 404
    assert Client().post(f"/en/endorsements/{token}/", {"action": "withdraw"}).status_code == 404


def test_no_invitation_is_sent_twice_to_one_address_or_in_vain(letter, run_jobs, outbox):
    invitation = invite(letter)
    with pytest.raises(NotAllowed, match="has been invited already"):
        invite(letter, email="Bruno@wells.example.org")
    inviting.revoke(letter, by=None, invitation=invitation)
    run_jobs()
    assert not outbox()
    again = invite(letter)
    assert (again.pk, again.link_epoch, again.state) == (invitation.pk, 1, "waiting")
    run_jobs()
    run_jobs()
    assert len(outbox()) == 1
    with pytest.raises(NotAllowed, match="Only the team"):
        invite(a_letter(audience="team"))
    with pytest.raises(NotAllowed, match="no more signatures"):
        invite(a_letter(state="closed"))


def test_what_is_signed_and_revoked_at_once_is_not_lost(letter, door):
    read_before = Invitation.objects.get()
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    inviting.revoke(letter, by=None, invitation=read_before)
    assert Invitation.objects.get().endorsement == Endorsement.objects.get()


@pytest.mark.parametrize("end", ["revoked", "forgotten"])
def test_an_invitation_that_ended_while_its_page_was_open_takes_nothing(letter, door, end):
    open_page = Invitation.objects.select_related("letter").get()
    if end == "revoked":
        inviting.revoke(letter, by=None, invitation=Invitation.objects.get())
    else:
        Invitation.objects.all().delete()
    with pytest.raises(NotAllowed):
        inviting.decline(open_page, reason="No.", at=NOON)
    with pytest.raises(NotAllowed):
        inviting.accept(open_page, a_sign_on(an_organisation(), version=1), at=NOON)
    assert not Endorsement.objects.exists()


def test_nobody_can_tell_by_an_invitation_that_a_signature_is_held(run_jobs, outbox, clock):
    doors = []
    for slug in ("rivers", "lakes"):
        letter = a_letter(slug=slug, public_from=EMBARGO, closes_at=NOON + timedelta(days=60))
        invite(letter)
        run_jobs()
        doors.append(page_in(outbox()[-1]))
        Client().post(f"{doors[-1]}sign/", ENTRY | {"version": "1"})
    endorsing.hold(letter.endorsements.get(), by=None, code="flood")

    def told() -> list[bool]:
        return [sentence in text_of(Client().get(door)) for door in doors for sentence in ("is invited", "ended")]

    assert told() == [True, False] * 2
    clock.shift(timedelta(days=22))
    keep_the_clock.func(0)
    assert told() == [True, False] * 2


def test_invitations_take_no_confirmation_from_a_mailbox(run_jobs, outbox):
    for number in range(3):
        invite(a_letter(slug=f"letter-of-{number}", public_from=EMBARGO))
    run_jobs()
    Client().post(f"{page_in(outbox()[-1])}sign/", ENTRY | {"version": "1"})
    run_jobs()
    assert link_in(outbox()[-1])


def test_what_only_the_team_may_see_by_now_is_not_mailed(letter, run_jobs, outbox):
    invite(letter)
    lifecycle.set_audience(letter, by=None, audience="team", public_from=None, note="")
    run_jobs()
    assert not outbox()


def test_a_link_that_was_passed_on_changes_no_answer(letter, door, run_jobs, outbox):
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    run_jobs()
    Client().post(link_in(outbox()[-1]), {"action": "confirm", "version": "1"})
    other = {"organisation_name": "Quite Other League", "representative_email": "x@league.example.org"}
    assert Client().post(f"{door}sign/", ENTRY | {"version": "1"} | other).status_code == 302
    assert Endorsement.objects.count() == 2
    assert Invitation.objects.get().endorsement == Endorsement.objects.order_by("pk")[0]


def test_who_is_asked_again_for_another_signature_gets_the_mail(letter, door, run_jobs, outbox):
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    endorsing.withdraw(Endorsement.objects.get())
    inviting.revoke(letter, by=None, invitation=Invitation.objects.get())
    run_jobs()
    before = len(outbox())
    invite(letter)
    run_jobs()
    assert page_in(outbox()[before:][0])


def test_a_clock_that_is_behind_on_another_machine_refuses_nobody(letter, door, clock):
    clock.shift(timedelta(seconds=-60))
    assert Client().post(door, {"reason": "No."}).status_code == 302
    assert Invitation.objects.get().declined_at == NOON


def test_what_nobody_answered_is_forgotten_after_the_letter(letter, door, clock):
    clock.move_to(letter.closes_at + timedelta(days=20))
    forget.func(0)
    assert Invitation.objects.exists()
    clock.shift(timedelta(days=2))
    forget.func(0)
    assert not Invitation.objects.exists()


def test_after_the_embargo_the_page_leads_to_the_public_one(letter, door, clock):
    clock.move_to(EMBARGO + timedelta(seconds=1))
    shown = Client().get(door)
    assert "Under embargo" not in text_of(shown)
    assert f'href="{letter.get_absolute_url()}"' in shown.content.decode()


def test_who_is_removed_for_safety_is_forgotten_among_the_invited(letter, door):
    invite(letter, email="second@wells.example.org")
    invite(letter, name="Springs Union", email="office@springs.example.org")
    Client().post(f"{door}sign/", ENTRY | {"version": "1"})
    endorsing.remove_for_safety(Endorsement.objects.get(), by=None)
    assert [invitation.name for invitation in Invitation.objects.all()] == ["Springs Union"]


def test_events_and_logs_name_nobody(letter, door):
    event = LetterEvent.objects.filter(verb="invite").get()
    assert (event.code, hasattr(event, "note")) == ("", False)
    token = door.split("/")[3]
    assert token not in redact(f"GET {door}sign/sent/ 200")


def test_a_convener_invites_and_revokes_at_the_desk(letter, run_jobs, outbox):
    desk = Client()
    desk.force_login(a_moderator(letter, "convener"))
    address = f"/admin/letters/letter/{letter.pk}/invitations/"
    wrong = desk.post(address, {"invite": "1", "name": "Wells Union", "email": "office@", "language": "en"})
    assert wrong.status_code == 422
    assert 'value="Wells Union"' in wrong.content.decode()
    known = an_organisation("Wells Union")
    said = {"invite": "1", "name": "wells union", "email": "office@wells.example.org", "language": "fr"}
    assert desk.post(address, said).status_code == 302
    invitation = Invitation.objects.get()
    assert (invitation.organisation, invitation.language) == (known, "fr")
    again = desk.post(address, said)
    assert (again.status_code, "has been invited already" in text_of(again)) == (422, True)
    run_jobs()
    assert "/fr/invitations/" in words_of(outbox()[0])
    assert "no answer yet" in text_of(desk.get(address))
    revoke = f"{address}{invitation.pk}/revoke/"
    desk.get(revoke)
    assert Invitation.objects.get().state == "waiting"
    desk.post(revoke)
    assert Invitation.objects.get().state == "revoked"
    assert "revoked" in text_of(desk.get(address))


def test_only_conveners_of_the_letter_invite(letter):
    address = f"/admin/letters/letter/{letter.pk}/invitations/"
    stranger, convener_of_another = Client(), Client()
    stranger.force_login(UserFactory(staff=True))
    convener_of_another.force_login(a_moderator(a_letter(), "convener"))
    for desk in (stranger, convener_of_another):
        assert desk.get(address).status_code == 404
        assert desk.post(address, {"invite": "1"}).status_code == 404


def test_the_list_of_invitations_asks_one_query_however_many_there_are(letter, django_assert_num_queries):
    desk = Client()
    desk.force_login(a_moderator(letter, "convener"))
    address = f"/admin/letters/letter/{letter.pk}/invitations/"
    invite(letter)
    with django_assert_num_queries(11) as asked:
        desk.get(address)
    for number in range(5):
        invite(letter, email=f"person{number}@wells.example.org")
    with django_assert_num_queries(len(asked)):
        desk.get(address)
