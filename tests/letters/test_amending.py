"""New versions of an open letter: what they need, who is asked again, what counts meanwhile, and who is told."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coalition import links
from coalition.models import SentMail
from coalition.workflow import NotAllowed
from letters import amending, counting, endorsing, lifecycle, mail, tasks
from letters.admin.amending import AmendForm, makes_sense
from letters.models import Endorsement, Letter, Representative, Text, Version
from tests.factories import NOON, a_letter, a_moderator, a_sign_on, an_endorsement, an_organisation
from tests.letters.test_signing import ENTRY
from tests.reading import count_on, link_in, links_of, text_of, words_of

pytestmark = pytest.mark.django_db

TITLE = "Keep all river data public"


def an_amendment(letter: Letter, *, change: str = "material", at: datetime | None = None, **fields: str) -> Version:
    """The letter with a new version in force, in which each text has these fields; answers are taken for a week."""
    now = at or timezone.now()
    amending.prepare(letter, by=None, at=now)
    Text.objects.filter(version=letter.draft).update(**fields or {"title": TITLE})
    until = now + timedelta(days=7) if change == "material" else None
    amending.amend(letter, by=None, change=change, note="All data is meant.", reconsent_until=until, at=now)
    assert letter.version is not None
    return letter.version


def page_of(endorsement: Endorsement) -> str:
    epoch = Representative.objects.get(endorsement=endorsement).link_epoch
    token = links.make(endorsement.public_id, links.Purpose.MANAGE, epoch, timezone.now())
    return f"/en/endorsements/{token}/"


def sign_page_of(endorsement: Endorsement) -> str:
    token = links.make(endorsement.public_id, links.Purpose.CONFIRM, 0, timezone.now())
    return f"/en/endorsements/{token}/"


# Telling


def test_who_signed_for_two_organisations_is_asked_for_each(run_jobs, outbox):
    letter = a_letter()
    for name in ("Wells Union", "Springs Union"):
        an_endorsement(letter, an_organisation(name), representative_email="one@unions.example.org")
    run_jobs()
    before = len(outbox())
    an_amendment(letter)
    run_jobs()
    asked = outbox()[before:]
    assert len(asked) == 2
    assert len({link_in(message) for message in asked}) == 2
    assert {name for name in ("Wells Union", "Springs Union") for mail in asked if name in words_of(mail)} == {
        "Wells Union", "Springs Union",
    }  # fmt: skip


def test_who_reads_another_language_sees_what_changed_in_the_authoritative_text():
    letter = a_letter(texts={"fr": "Des données publiques"})
    endorsement = an_endorsement(letter, language="fr")
    amending.prepare(letter, by=None)
    Text.objects.filter(version=letter.draft, language="en").update(body="We ask for all data.")
    until = timezone.now() + timedelta(days=7)
    amending.amend(letter, by=None, change="material", note="More is asked.", reconsent_until=until)
    page = text_of(Client().get(page_of(endorsement)))
    assert "removed: to be told (end) added: for all data (end)" in page
    assert "no word differs" not in page


def test_an_impostor_who_signed_anew_takes_no_signature_with_it(run_jobs, outbox):
    letter, organisation = a_letter(), an_organisation()
    old = an_endorsement(letter, organisation)
    an_amendment(letter)
    new = an_endorsement(letter, organisation, state="confirmed", representative_email="other@amani.example.org")
    run_jobs()
    before, chiara = len(outbox()), a_moderator(letter)
    endorsing.approve(new, by=chiara)
    endorsing.undo(new, by=chiara)
    endorsing.reject(new, by=chiara, code="impostor")
    run_jobs()
    assert outbox()[before:] == []
    old.refresh_from_db()
    endorsing.undo(old, by=chiara, at=timezone.now() + timedelta(minutes=11))
    assert old.status == "approved"


# Sealing


def test_a_new_version_begins_as_a_copy_that_nobody_sees():
    letter = a_letter(texts={"fr": "Des données publiques"})
    amending.prepare(letter, by=None)
    draft = letter.draft
    assert draft is not None
    assert draft.number == 2
    assert draft.signed_texts() == letter.version.signed_texts()
    Text.objects.filter(version=draft).update(title=TITLE)
    assert TITLE not in text_of(Client().get(letter.get_absolute_url()))
    with pytest.raises(NotAllowed, match="being prepared already"):
        amending.prepare(letter, by=None)
    amending.drop_draft(letter, by=None)
    assert letter.draft is None
    with pytest.raises(NotAllowed, match="No new version"):
        amending.drop_draft(letter, by=None)


def test_amending_seals_what_was_prepared_and_changes_the_page():
    letter = a_letter()
    before = Client().get(letter.get_absolute_url())
    version = an_amendment(letter, change="typo")
    version.refresh_from_db()
    letter.refresh_from_db()
    assert (version.number, version.change, version.note) == (2, "typo", "All data is meant.")
    assert version.digest == hashlib.sha256(version.canonical_json()).hexdigest()
    assert (letter.consent_version, letter.reconsent_until) == (1, None)
    after = Client().get(letter.get_absolute_url(), headers={"If-None-Match": before["ETag"]})
    assert after.status_code == 200
    assert TITLE in text_of(after)
    assert str(version.digest) in text_of(after)
    assert letter.events.get(verb="amend").note.text == "All data is meant."


def test_a_change_of_substance_hides_what_was_made_before():
    letter = a_letter()
    an_endorsement(letter)
    hidden = letter.hidden_revision
    an_amendment(letter, change="typo")
    letter.refresh_from_db()
    assert letter.hidden_revision == hidden
    an_amendment(letter, title="Once more")
    letter.refresh_from_db()
    assert letter.hidden_revision == letter.revision
    assert letter.consent_version == 3


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"change": "first"}, "Say whether this corrects a slip"),
        ({"note": "  "}, "Say what changed"),
        ({"change": "material"}, "Set a day that lies ahead"),
        ({"change": "material", "reconsent_until": NOON}, "Set a day that lies ahead"),
    ],
)
def test_amending_needs_its_words(said, sentence):
    letter = a_letter(at=NOON)
    amending.prepare(letter, by=None, at=NOON)
    Text.objects.filter(version=letter.draft).update(title=TITLE)
    with pytest.raises(NotAllowed, match=sentence):
        amending.amend(letter, by=None, at=NOON, **{"change": "typo", "note": "A slip."} | said)
    assert letter.draft is not None


def test_amending_needs_a_difference_and_the_authoritative_text():
    letter = a_letter()
    amending.prepare(letter, by=None)
    with pytest.raises(NotAllowed, match="Nothing differs"):
        amending.amend(letter, by=None, change="typo", note="None.")
    letter.draft.texts.all().delete()
    with pytest.raises(NotAllowed, match="authoritative language"):
        amending.amend(letter, by=None, change="typo", note="None.")


def test_only_a_convener_amends_an_open_letter():
    letter = a_letter()
    with pytest.raises(NotAllowed, match="role"):
        amending.prepare(letter, by=a_moderator(letter))
    amending.prepare(letter, by=a_moderator(letter, "convener"))
    lifecycle.take_down(letter, by=None, note="Why.")
    with pytest.raises(NotAllowed, match="status"):
        amending.amend(letter, by=None, change="typo", note="Late.")


def test_of_a_letter_signed_elsewhere_only_a_slip_is_corrected():
    letter = a_letter(state="recorded")
    with pytest.raises(NotAllowed, match="Only a slip can be corrected"):
        an_amendment(letter)
    letter.refresh_from_db()
    assert letter.consent_version == 1
    amending.drop_draft(letter, by=None)
    assert an_amendment(letter, change="typo").number == 2


def test_a_text_that_is_only_begun_is_not_sealed():
    letter = a_letter()
    amending.prepare(letter, by=None)
    Text.objects.create(version=letter.draft, language="fr", title="Des données", body=" ")
    with pytest.raises(NotAllowed, match=r"The text in French needs a body\. The number of demands"):
        amending.amend(letter, by=None, change="typo", note="In French too.")


def test_a_language_with_another_number_of_demands_is_not_sealed():
    letter = a_letter(texts={"fr": "Des données"})
    amending.prepare(letter, by=None)
    french = letter.draft.texts.get(language="fr")
    french.demands = ["Publiez.", "Encore."]
    french.summary = french.closing = ""
    french.save()
    refusal = "The number of demands in French is 2 instead of 1."
    with pytest.raises(NotAllowed, match=refusal):
        amending.amend(letter, by=None, change="typo", note="In French too.")
    client = Client()
    client.force_login(a_moderator(letter, role="convener"))
    desk = f"/admin/letters/letter/{letter.pk}/"
    for page in ("change/", "texts/", "step/amend/"):
        assert f"Before this version can be sealed: {refusal}" in text_of(client.get(desk + page, follow=True)), page
    assert "Seal the new version" not in text_of(client.get(f"{desk}change/"))
    french.demands = ["Publiez."]
    french.save()
    assert "Seal the new version" in text_of(client.get(f"{desk}change/"))
    amending.amend(letter, by=None, change="typo", note="In French too.")
    assert letter.version.number == 2


def test_a_recorded_letter_stays_as_it_was_published_whatever_a_language_left_out():
    letter = a_letter(state="draft", source_name="A host", source_url="https://host.example/l", texts={"fr": "Données"})
    letter.versions.get().texts.filter(language="fr").update(demands=[])
    lifecycle.record(letter, by=None)
    assert letter.status == "closed"
    amending.prepare(letter, by=None)
    letter.draft.texts.filter(language="fr").update(closing="Veuillez agréer.")
    amending.amend(letter, by=None, change="typo", note="A slip.")
    assert letter.version.number == 2


def test_the_desk_asks_until_when_after_a_change_of_substance_only():
    letter = a_letter()
    assert makes_sense("prepare", letter)
    assert not makes_sense("amend", letter)
    form = AmendForm(letter, {"change": "material", "note": "All of it."})
    assert form.errors["reconsent_until"] == ["Enter a day and a time that lie ahead"]
    form = AmendForm(letter, {"change": "material", "note": "All of it.", "reconsent_until": "2099-05-01T12:00"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["reconsent_until"].tzinfo == letter.zone
    form = AmendForm(letter, {"change": "typo", "note": "", "reconsent_until": "soon"})
    assert set(form.errors) == {"note", "reconsent_until"}
    form = AmendForm(letter, {"change": "typo", "note": "A slip.", "reconsent_until": "2099-05-01T12:00"})
    assert form.is_valid()
    assert form.cleaned_data["reconsent_until"] is None


def test_a_convener_amends_at_the_desk():
    letter = a_letter()
    endorsement = an_endorsement(letter)
    client = Client()
    client.force_login(a_moderator(letter, "convener"))
    desk = f"/admin/letters/letter/{letter.pk}/"
    assert "Prepare a new version" in text_of(client.get(f"{desk}change/"))
    client.post(f"{desk}step/prepare/", {"was": "open"})
    page = text_of(client.get(f"{desk}change/"))
    assert "Seal the new version" in page
    assert "Prepare a new version" not in page
    Text.objects.filter(version=letter.draft).update(title=TITLE)
    said = {"was": "open", "change": "material", "note": "All data is meant."}
    refused = client.post(f"{desk}step/amend/", said | {"reconsent_until": "2001-01-01T12:00"})
    assert refused.status_code == 422
    assert "Enter a day and a time that lie ahead" in text_of(refused)
    assert "All data is meant." in refused.content.decode()
    sealed = client.post(f"{desk}step/amend/", said | {"reconsent_until": "2099-01-01T12:00"}, follow=True)
    assert "amended" in text_of(sealed)
    endorsement.refresh_from_db()
    assert endorsement.is_due


# Counting and asking again


def test_a_slip_leaves_the_count_and_a_change_of_substance_empties_it_until_they_agree():
    letter = a_letter()
    first, second = an_endorsement(letter), an_endorsement(letter)
    an_amendment(letter, change="typo")
    assert count_on(Client().get(letter.get_absolute_url())) == 2
    an_amendment(letter, title="Every river")
    page = Client().get(letter.get_absolute_url())
    assert count_on(page) == 0
    assert first.printed_name not in text_of(page)
    first.refresh_from_db()
    assert first.is_due
    assert first.face is None
    shown = Client().get(page_of(first))
    assert "Your answer is needed" in text_of(shown)
    assert ">Published<" not in shown.content.decode()
    assert "<del>" in shown.content.decode()
    kept = Client().post(page_of(first), {"action": "reconsent", "version": "3"}, follow=True)
    assert "The organisation has signed." in text_of(kept)
    page = Client().get(letter.get_absolute_url(), headers={"If-None-Match": page["ETag"]})
    assert count_on(page) == 1
    assert first.printed_name in text_of(page)
    assert second.printed_name not in text_of(page)


def test_whoever_agrees_has_read_the_version_in_force():
    letter = a_letter()
    endorsement = an_endorsement(letter)
    with pytest.raises(NotAllowed, match="already under the present text"):
        endorsing.reconsent(endorsement, version=1)
    an_amendment(letter)
    path = page_of(endorsement)
    an_amendment(letter, title="Every river")
    refused = Client().post(path, {"action": "reconsent", "version": "2"})
    assert refused.status_code == 409
    assert "The letter has changed once more. Read it again." in text_of(refused)
    assert 'name="version" value="3"' in refused.content.decode()
    for typed in ("", "x", "9" * 40):
        assert Client().post(path, {"action": "reconsent", "version": typed}).status_code == 409
    assert Client().post(path, {"action": "reconsent", "version": "3"}).status_code == 302
    assert Client().post(path, {"action": "reconsent", "version": "3"}).status_code == 302  # pressed twice
    endorsement.refresh_from_db()
    assert endorsement.version.number == 3
    assert endorsement.events.filter(verb="reconsent").count() == 1


def test_nobody_agrees_to_a_letter_that_was_taken_down():
    letter = a_letter()
    endorsement = an_endorsement(letter)
    an_amendment(letter)
    lifecycle.take_down(letter, by=None, note="Why.")
    assert "Keep the signature" not in text_of(Client().get(page_of(endorsement)))
    with pytest.raises(NotAllowed, match="not public now"):
        endorsing.reconsent(endorsement, version=2)


def test_a_closed_letter_still_takes_answers():
    letter = a_letter()
    endorsement = an_endorsement(letter)
    an_amendment(letter)
    lifecycle.close(letter, by=None)
    endorsing.reconsent(endorsement, version=2)
    assert counting.count(letter, timezone.now()).organisations == 1


@pytest.mark.parametrize("state", ["confirmed", "asked", "held"])
def test_what_waits_for_the_check_is_due_too_and_may_agree_before_it(state):
    letter = a_letter()
    endorsement = an_endorsement(letter, state=state)
    an_amendment(letter)
    endorsement.refresh_from_db()
    assert endorsement.is_due
    page = text_of(Client().get(page_of(endorsement)))
    assert "Keep the signature" in page
    assert Client().post(page_of(endorsement), {"action": "reconsent", "version": "2"}).status_code == 302
    endorsement.refresh_from_db()
    assert endorsement.status == state
    assert not endorsement.is_due


def test_approved_while_due_counts_only_once_it_has_agreed(run_jobs, outbox):
    letter = a_letter()
    endorsement = an_endorsement(letter, state="confirmed")
    an_amendment(letter)
    run_jobs()
    before = len(outbox())
    endorsing.approve(endorsement, by=None)
    run_jobs()
    assert len(outbox()) == before  # it is not published, so nobody says that it is
    assert counting.count(letter, timezone.now()).organisations == 0
    endorsing.reconsent(endorsement, version=2)
    assert counting.count(letter, timezone.now()).organisations == 1
    run_jobs()
    assert "keeps its signature" in words_of(outbox()[-1])


# Silence


def test_silence_ends_the_signature_from_the_instant_on_with_or_without_the_job():
    letter = a_letter(at=NOON)
    endorsement = an_endorsement(letter, at=NOON)
    an_amendment(letter, at=NOON)
    with time_machine.travel(NOON + timedelta(days=7), tick=False):
        page = text_of(Client().get(page_of(endorsement)))
        assert "nobody agreed to the new text in time" in page
        assert "Keep the signature" not in page
        assert Client().post(page_of(endorsement), {"action": "reconsent", "version": "2"}).status_code == 409
        assert Endorsement.objects.get(pk=endorsement.pk).status == "approved"
        tasks.keep_the_clock.func(0)
        endorsement.refresh_from_db()
        assert endorsement.status == "expired"
        assert "nobody agreed to the new text in time" in text_of(Client().get(page_of(endorsement)))


def test_nothing_lapses_before_its_time():
    letter = a_letter(at=NOON)
    endorsement = an_endorsement(letter, at=NOON)
    an_amendment(letter, at=NOON)
    with time_machine.travel(NOON + timedelta(days=7, seconds=-1), tick=False):
        tasks.keep_the_clock.func(0)
        endorsement.refresh_from_db()
        assert endorsement.status == "approved"
        with pytest.raises(NotAllowed, match="has not lapsed"):
            endorsing.lapse(endorsement)


def test_the_organisation_may_sign_anew_whether_or_not_the_job_has_run(run_jobs, outbox):
    letter = a_letter(at=NOON)
    organisation = an_organisation(is_listed=True)
    old = an_endorsement(letter, organisation, at=NOON, representative_email="bruno@wells.example.org")
    an_amendment(letter, at=NOON)
    after = NOON + timedelta(days=8)
    with time_machine.travel(after, tick=False):
        sign_on = a_sign_on(organisation, representative_email="bruno@wells.example.org", version=2)
        new = endorsing.sign(letter, sign_on, at=after)
        assert new.pk != old.pk
        endorsing.confirm(new, version=2, at=after)
        endorsing.approve(new, by=None, at=after)
        old.refresh_from_db()
        assert (old.status, new.status) == ("expired", "approved")
        assert counting.count(letter, after).organisations == 1
        run_jobs()
        assert "The signature has ended" in str([message["Subject"] for message in outbox()])


def test_signing_anew_while_the_older_one_is_due_takes_its_place(run_jobs, outbox):
    letter = a_letter()
    organisation = an_organisation(is_listed=True)
    old = an_endorsement(letter, organisation)
    an_amendment(letter)
    new = an_endorsement(letter, organisation, state="confirmed")
    endorsing.approve(new, by=None)
    old.refresh_from_db()
    assert (old.status, new.status) == ("expired", "approved")
    ended = old.events.last()
    assert (ended.verb, ended.code, ended.by, ended.at) == ("lapse", "signed_anew", None, new.events.last().at)
    page = Client().get(letter.get_absolute_url())
    assert count_on(page) == 1
    assert text_of(page).count(organisation.name) == 1
    with pytest.raises(NotAllowed, match="status"):
        endorsing.reconsent(old, version=2)
    run_jobs()
    (ended_mail,) = (found for found in outbox() if found["Subject"].startswith("The signature has ended"))
    assert f"{organisation.name} has signed the new text by another signature" in words_of(ended_mail)
    for untrue in ("nobody agreed", "can sign the new text here"):
        assert untrue not in words_of(ended_mail)
    own_page = text_of(Client().get(page_of(old)))
    assert "the organisation has signed the new text by another signature" in own_page
    for untrue in ("nobody agreed", "You can sign again"):
        assert untrue not in own_page
    desk = Client()
    desk.force_login(a_moderator(letter))
    shown = text_of(desk.get(f"/admin/letters/endorsement/{old.pk}/change/"))
    assert "Ended: not renewed after the letter changed" in shown
    assert "The organisation has signed the changed letter anew." in shown


def test_a_mistake_in_that_is_undone_in_two_steps(run_jobs, outbox):
    letter = a_letter()
    organisation = an_organisation()
    old = an_endorsement(letter, organisation)
    an_amendment(letter)
    new = an_endorsement(letter, organisation, state="confirmed")
    endorsing.approve(new, by=None)
    chiara = a_moderator(letter)
    with pytest.raises(NotAllowed, match="nothing to undo"):
        endorsing.undo(old, by=chiara)
    endorsing.undo(new, by=chiara)
    with pytest.raises(NotAllowed, match="nothing to undo"):
        endorsing.undo(old)  # not by its signer, whose decision it was not
    with pytest.raises(NotAllowed, match="did not agree to the new text in time"):
        endorsing.undo(old, by=chiara, at=timezone.now() + timedelta(days=8))
    endorsing.undo(old, by=chiara, at=timezone.now() + timedelta(minutes=11))
    old.refresh_from_db()
    assert (old.status, old.ended_at) == ("approved", None)
    run_jobs()
    assert "The signature has ended" not in str([message["Subject"] for message in outbox()])
    endorsing.reconsent(old, version=2)
    assert counting.count(letter, timezone.now()).organisations == 1


def test_who_has_agreed_to_the_present_text_does_not_make_room():
    letter = a_letter()
    organisation = an_organisation()
    old = an_endorsement(letter, organisation)
    an_amendment(letter)
    new = an_endorsement(letter, organisation, state="confirmed")
    endorsing.reconsent(old, version=2)
    with pytest.raises(NotAllowed, match="already approved"):
        endorsing.approve(new, by=None)
    with pytest.raises(NotAllowed, match="has not lapsed"):
        endorsing.lapse(old, code=endorsing.SIGNED_ANEW)
    old.refresh_from_db()
    assert old.status == "approved"
    assert not old.is_due


def test_of_two_that_are_both_due_neither_takes_the_place_of_the_other():
    letter = a_letter()
    organisation = an_organisation()
    old = an_endorsement(letter, organisation)
    new = an_endorsement(letter, organisation, state="confirmed")
    an_amendment(letter)
    with pytest.raises(NotAllowed, match="already approved"):
        endorsing.approve(new, by=None)
    assert not old.events.filter(verb="lapse").exists()


def test_what_lapsed_while_it_waited_is_not_approved():
    letter = a_letter(at=NOON)
    endorsement = an_endorsement(letter, at=NOON, state="confirmed")
    an_amendment(letter, at=NOON)
    with pytest.raises(NotAllowed, match="did not agree to the new text in time"):
        endorsing.approve(endorsement, by=None, at=NOON + timedelta(days=7))


def test_a_further_change_does_not_ask_those_again_who_let_the_time_pass():
    letter = a_letter(at=NOON)
    endorsement = an_endorsement(letter, at=NOON)
    an_amendment(letter, at=NOON)
    an_amendment(letter, at=NOON + timedelta(days=8), title="Every river")
    endorsement.refresh_from_db()
    assert endorsement.status == "expired"
    letter.refresh_from_db()
    assert letter.reconsent_until == NOON + timedelta(days=15)


# People sign this text


def test_the_form_comes_back_when_the_letter_was_amended_meanwhile():
    letter = a_letter()
    client, path = Client(), f"{letter.get_absolute_url()}sign/"
    assert 'name="version" value="1"' in client.get(path).content.decode()
    an_amendment(letter, change="typo")
    answer = client.post(path, {**ENTRY, "version": "1"})
    assert answer.status_code == 200
    assert "The letter has changed while this page was open" in text_of(answer)
    assert f"{letter.get_absolute_url()}versions/?from=1&to=2&text=en" in links_of(answer)
    assert "New Wells Committee" in answer.content.decode()
    assert "bruno@wells.example.org" in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    assert not Endorsement.objects.exists()
    found = client.post(path, {**ENTRY, "version": "1", "find": "1"})
    assert "The letter has changed while this page was open" in text_of(found)
    assert client.post(path, {**ENTRY, "version": "2"}).status_code == 302
    assert Endorsement.objects.get().version.number == 2


@pytest.mark.parametrize("typed", ["", "0", "x", "-1", "٢", "3", "9" * 50])
def test_a_form_that_does_not_say_which_text_was_read_comes_back(typed):
    letter = a_letter()
    an_amendment(letter)
    answer = Client().post(f"{letter.get_absolute_url()}sign/", {**ENTRY, "version": typed})
    assert answer.status_code == 200
    assert "The letter has changed while this page was open" in text_of(answer)
    assert not Endorsement.objects.exists()


def test_an_amendment_between_the_check_and_the_lock_is_noticed():
    letter = Letter.objects.get(pk=a_letter().pk)
    assert letter.version.number == 1  # read by the view before the other commits
    an_amendment(Letter.objects.get(pk=letter.pk))
    with pytest.raises(endorsing.TextChanged):
        endorsing.sign(letter, a_sign_on(an_organisation(), version=1), at=timezone.now())
    assert not Endorsement.objects.exists()


def test_confirming_takes_the_version_that_the_page_showed():
    letter = a_letter()
    endorsement = an_endorsement(letter, state="submitted")
    an_amendment(letter)
    page = Client().get(sign_page_of(endorsement))
    assert "The letter has changed since you filled in the form" in text_of(page)
    assert 'name="version" value="2"' in page.content.decode()
    assert "<ins>" in page.content.decode()
    an_amendment(letter, title="Every river")
    refused = Client().post(sign_page_of(endorsement), {"action": "confirm", "version": "2"})
    assert refused.status_code == 409
    assert 'name="version" value="3"' in refused.content.decode()
    assert Client().post(sign_page_of(endorsement), {"action": "confirm"}).status_code == 409
    assert Client().post(sign_page_of(endorsement), {"action": "confirm", "version": "3"}).status_code == 302
    endorsement.refresh_from_db()
    assert (endorsement.status, endorsement.version.number, endorsement.is_due) == ("confirmed", 3, False)


def test_a_letter_that_was_never_amended_costs_no_question_more():
    letter = a_letter()
    endorsement = Endorsement.objects.select_related("letter").get(pk=an_endorsement(letter).pk)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert endorsement.face is not None
        assert not endorsement.has_lapsed(timezone.now())
    assert not queries.captured_queries


# Who is told


def test_a_slip_is_told_and_asks_for_nothing(run_jobs, outbox):
    letter = a_letter()
    an_endorsement(letter, representative_email="bruno@wells.example.org")
    run_jobs()
    before = len(outbox())
    an_amendment(letter, change="typo", closing="Respectfully yours,")
    run_jobs()
    (message,) = outbox()[before:]
    assert message["Subject"].startswith("A slip is corrected")
    words = words_of(message)
    assert "All data is meant." in words
    assert "you need do nothing" in words
    assert "− Respectfully," in words
    assert "+ Respectfully yours," in words


def test_a_change_of_substance_is_told_with_the_difference_and_one_link(run_jobs, outbox):
    letter = a_letter(texts={"fr": "Des données publiques"})
    an_endorsement(letter, language="fr", interface_language="en")
    an_endorsement(letter, state="asked")
    for state in ("submitted", "withdrawn", "rejected", "expired"):
        an_endorsement(letter, state=state)
    run_jobs()
    before = len(outbox())
    version = an_amendment(letter, body="We live beside the rivers.\n\nWe ask to be told.")
    run_jobs()
    first, second = outbox()[before:]
    assert first["Subject"].startswith("The letter has changed: Des données publiques")
    lines = first.get_body(("plain",)).get_content().splitlines()
    assert "− We live with the rivers." in lines
    assert "+ We live beside the rivers." in lines
    assert "If you do not answer, the signature ends." in words_of(first)
    assert "Keep the signature" in text_of(Client().get(link_in(first)))
    assert "Keep the signature" in text_of(Client().get(link_in(second)))
    assert max(map(len, (line for line in lines if "://" not in line))) <= 72
    tasks.tell_of_version.func(version=version.pk)
    run_jobs()
    assert len(outbox()) == before + 2
    assert SentMail.objects.filter(message_id=first["Message-ID"]).count() == 1


def test_who_has_agreed_already_or_is_told_of_a_later_version_gets_no_mail(run_jobs, outbox):
    letter = a_letter()
    agreed, silent = an_endorsement(letter), an_endorsement(letter)
    run_jobs()
    before = len(outbox())
    an_amendment(letter)
    endorsing.reconsent(agreed, version=2)
    an_amendment(letter, change="typo", closing="Yours,")
    run_jobs()
    subjects = {message["To"]: [] for message in outbox()[before:]}
    for message in outbox()[before:]:
        subjects[message["To"]].append(message["Subject"].partition(":")[0])
    assert subjects[silent.representative.email] == ["The letter has changed"]
    assert sorted(subjects[agreed.representative.email]) == ["A slip is corrected", "Kept"]


def test_telling_many_asks_the_database_once(run_jobs):
    letter = a_letter()
    for _ in range(3):
        an_endorsement(letter)
    run_jobs()
    version = an_amendment(letter)
    with CaptureQueriesContext(connection) as queries:
        tasks.tell_of_version.func(version=version.pk)
    asked = [query["sql"] for query in queries if "letters_" in query["sql"] and query["sql"].startswith("SELECT")]
    assert len(asked) == 2  # the version, and the signatures


def test_another_caller_can_make_a_message(outbox):
    representative = an_endorsement().representative
    made = mail.message("letters/mail/kept.txt", {"title": "Another title"}, representative, "news:1")
    assert mail.leave(made, representative)
    assert not mail.leave(made, representative)
    assert "Another title" in words_of(outbox()[-1])
