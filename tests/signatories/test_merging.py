"""Two entries that mean one organisation are merged: one survivor, one count, and all of it can be taken back."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from coalition.models import Event, Note
from coalition.workflow import NotAllowed
from letters import amending, counting, endorsing, inviting, lifecycle
from letters import record as records
from letters.models import Endorsement, Invitation, Letter, Opening, Text
from signatories import merging, vetting
from signatories.models import Difference, Domain, Merge, Organisation, OrganisationName
from tests.factories import UserFactory, a_letter, a_moderator, a_sign_on, an_endorsement, an_organisation
from tests.reading import count_on, link_in, links_of, text_of

pytestmark = pytest.mark.django_db


def merge(kept: Organisation, gone: Organisation, **said: Any) -> Merge:
    return merging.merge(kept, gone, **{"by": None, "at": timezone.now()} | said)


def undo(done: Merge, **said: Any) -> None:
    merging.undo(Merge.objects.get(pk=done.pk), **{"by": None, "at": timezone.now()} | said)


def fresh(row: Any) -> Any:
    return type(row)._default_manager.get(pk=row.pk)


def names_of(organisation: Organisation) -> set[tuple[str, str]]:
    return set(organisation.names.values_list("text", "kind"))


def changed_in_substance(letter: Letter) -> None:
    """From now on all that was signed before is due."""
    amending.prepare(letter, by=None)
    Text.objects.filter(version=letter.draft).update(title=f"Anew {timezone.now()}")
    soon = timezone.now() + timedelta(days=5)
    amending.amend(letter, by=None, change="material", note="All of it.", reconsent_until=soon)


# What points at an organisation


def test_whatever_points_at_an_organisation_has_its_place_in_a_merge():
    assert merging.unhandled() == [], "say in merging.REPOINT, OWN or STAYS what becomes of it"


def test_every_column_of_an_organisation_has_its_place_in_a_merge():
    chosen = {column for columns in merging.FIELDS.values() for column in columns}
    not_chosen = {"id", "public_id", "slug", "standing", "merged_into", "at_risk", "revision", "created_at"}
    assert {field.name for field in Organisation._meta.concrete_fields} == chosen | not_chosen


# The entries themselves


def test_the_survivor_takes_what_was_chosen_and_knows_all_names_and_domains():
    kept = an_organisation("FIDH", country="FR", website="https://fidh.example")
    gone = an_organisation(
        "International Federation for Human Rights", country="BE", acronym="IFHR", website="https://ifhr.example"
    )
    before = (fresh(kept).revision, fresh(gone).revision)
    merge(kept, gone, choices={"country": "gone", "website": "kept", "scope": "gone"})
    kept, gone = fresh(kept), fresh(gone)
    assert (kept.country, kept.website, kept.name) == ("BE", "https://fidh.example", "FIDH")
    assert (gone.standing, gone.merged_into) == ("merged", kept)
    assert names_of(kept) == {
        ("FIDH", "official"),
        ("International Federation for Human Rights", "alias"),
        ("IFHR", "acronym"),
    }
    assert set(kept.domains.values_list("name", flat=True)) == {"fidh.example", "ifhr.example"}
    assert kept.revision > before[0]
    assert gone.revision > before[1]
    assert [event.verb for event in kept.events.all()][-1] == "absorb"
    assert [event.verb for event in gone.events.all()][-1] == "merge"
    assert gone.names.count() == 2, "those of the entry that went stay as they were"


def test_the_main_name_can_be_that_of_the_entry_that_goes():
    kept, gone = an_organisation("FIDH"), an_organisation("International Federation for Human Rights")
    done = merge(kept, gone, choices={"name": "gone"})
    assert fresh(kept).name == "International Federation for Human Rights"
    assert names_of(kept) == {("FIDH", "official"), ("International Federation for Human Rights", "official")}
    undo(done)
    assert fresh(kept).name == "FIDH"
    assert names_of(kept) == {("FIDH", "official")}


def test_a_second_translation_into_one_language_is_kept_as_an_alias():
    kept, gone = an_organisation("FIDH"), an_organisation("Human Rights Federation")
    vetting.name_row(kept, "Federación", language="es", kind="translation").save()
    vetting.name_row(gone, "Federación Internacional", language="es", kind="translation").save()
    vetting.name_row(gone, "Föderation", language="de", kind="translation").save()
    merge(kept, gone)
    assert {("Federación Internacional", "alias"), ("Föderation", "translation")} < names_of(kept)


def test_a_domain_that_was_checked_for_either_is_checked_for_the_survivor():
    kept, gone = (an_organisation(website="https://wells.example") for _ in range(2))
    gone.domains.update(how="checked", verified_at=timezone.now())
    done = merge(kept, gone)
    assert kept.domains.get().verified_at == gone.domains.get().verified_at
    undo(done)
    assert (kept.domains.get().how, kept.domains.get().verified_at) == ("website", None)


def test_whoever_is_at_risk_stays_so_and_the_page_goes(client):
    kept, gone = an_organisation("Wells Union", is_listed=True), an_organisation(at_risk=True)
    letter = an_endorsement(None, kept).letter
    assert kept.get_absolute_url() in client.get(letter.get_absolute_url()).content.decode()
    done = merge(kept, gone)
    assert fresh(kept).at_risk
    assert client.get(kept.get_absolute_url()).status_code == 404
    assert kept.get_absolute_url() not in client.get(letter.get_absolute_url()).content.decode()
    assert fresh(letter).hidden_revision == fresh(letter).revision > letter.revision
    undo(done)
    assert not fresh(kept).at_risk
    assert kept.get_absolute_url() in client.get(letter.get_absolute_url()).content.decode()


def test_what_cannot_be_merged_is_told_in_a_sentence():
    kept, gone = an_organisation(), an_organisation()
    with pytest.raises(NotAllowed, match="one and the same entry"):
        merge(kept, fresh(kept))
    with pytest.raises(NotAllowed, match="has not been verified"):
        merge(an_organisation(verified=False), gone)
    vetting.suspend(suspended := an_organisation(), by=None, note="Why.")
    with pytest.raises(NotAllowed, match="is suspended"):
        merge(suspended, gone)
    with pytest.raises(NotAllowed, match="changed one of the two"):
        merge(kept, gone, seen=(kept.revision, gone.revision + 1))
    with pytest.raises(NotAllowed, match="role"):
        merge(kept, gone, by=UserFactory(staff=True))
    assert not Merge.objects.exists()
    merge(kept, suspended)
    with pytest.raises(NotAllowed, match="merged already"):
        merge(gone, suspended)
    with pytest.raises(NotAllowed, match="merged already"):
        merge(suspended, gone)


def test_old_addresses_lead_to_the_survivor_through_every_later_merge(client):
    first, second, third = (an_organisation(is_listed=True) for _ in range(3))
    addresses = [organisation.get_absolute_url() for organisation in (first, second, third)]

    def leads_to() -> list[str]:
        answers = [client.get(address) for address in addresses]
        return [answer["Location"] if answer.status_code == 301 else str(answer.status_code) for answer in answers]

    merge(second, first)
    assert leads_to() == [addresses[1], "200", "200"]
    done = merge(third, second)
    assert leads_to() == [addresses[2], addresses[2], "200"]
    assert "max-age=0" in client.get(addresses[0])["Cache-Control"], "a merge may be undone"
    undo(done)
    assert leads_to() == [addresses[1], "200", "200"]


def test_a_logo_that_was_taken_over_is_back_after_an_undo(settings):
    kept, gone = an_organisation(), an_organisation()
    storage = Organisation._meta.get_field("logo").storage
    mine, theirs = (storage.save(f"logos/{name}.png", ContentFile(b"png")) for name in ("mine", "theirs"))
    vetting.take_logo(kept, by=None, logo=mine)
    signed = an_endorsement(None, gone)
    Endorsement.objects.filter(pk=signed.pk).update(logo=theirs)
    vetting.take_logo(gone, by=None, logo=theirs)
    undo(merge(kept, gone, choices={"logo": "gone"}))
    assert (fresh(kept).logo.name, fresh(gone).logo.name) == (mine, theirs)
    done = merge(kept, gone, choices={"logo": "gone"})
    assert fresh(kept).logo.name == theirs
    endorsing.reject(fresh(signed), by=None, code="cannot_verify")
    assert fresh(kept).logo.name == ""
    undo(done)
    assert fresh(gone).logo.name == "", "the endorsement that had brought it did not stand"


# Endorsements


def test_signatures_move_and_what_is_printed_stays(client):
    kept, gone = an_organisation("FIDH"), an_organisation("Human Rights Federation")
    signed = an_endorsement(None, gone)
    page = client.get(signed.letter.get_absolute_url())
    assert gone.get_absolute_url() in page.content.decode()
    merge(kept, gone)
    after = fresh(signed)
    assert (after.organisation, after.printed_name, after.status) == (kept, "Human Rights Federation", "approved")
    page = client.get(signed.letter.get_absolute_url())
    assert kept.get_absolute_url() in page.content.decode()
    assert gone.get_absolute_url() not in page.content.decode()
    assert "Human Rights Federation" in text_of(page)


def test_who_signed_a_letter_twice_counts_once_and_nobody_is_told(client, run_jobs, outbox):
    kept, gone = an_organisation("FIDH"), an_organisation("Human Rights Federation")
    letter = a_letter()
    mine, theirs = an_endorsement(letter, kept), an_endorsement(letter, gone)
    records.write_list(letter, timezone.now())
    run_jobs()
    told = len(outbox())
    assert count_on(client.get(letter.get_absolute_url())) == 2
    done = merge(kept, gone)
    run_jobs()
    assert len(outbox()) == told
    page = client.get(letter.get_absolute_url())
    assert count_on(page) == 1
    assert "Human Rights Federation" not in text_of(page)
    assert (fresh(mine).status, fresh(theirs).status, fresh(theirs).organisation) == ("approved", "folded", kept)
    assert set(Opening.objects.values_list("endorsement", flat=True)) == {mine.pk}
    undo(done)
    assert count_on(client.get(letter.get_absolute_url())) == 2
    assert (fresh(theirs).status, fresh(theirs).organisation, fresh(theirs).ended_at) == ("approved", gone, None)


def test_the_page_of_a_folded_signature_says_what_has_come_of_it(client, run_jobs, outbox):
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    an_endorsement(letter, kept)
    an_endorsement(letter, gone)
    run_jobs()
    link = link_in(outbox()[-1])
    assert "The organisation has signed." in text_of(client.get(link))
    merge(kept, gone)
    page = text_of(client.get(link))
    assert "The organisation has signed this letter twice, and counts once: its other signature stands." in page


def test_of_a_double_the_one_stays_that_shows_less():
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    mine, theirs = an_endorsement(letter, kept), an_endorsement(letter, gone, visibility="counted")
    merge(kept, gone)
    assert (fresh(mine).status, fresh(theirs).status) == ("folded", "approved")
    assert counting.count(letter, timezone.now()).named == 0


def test_of_a_double_the_one_stays_that_agrees_to_the_present_text():
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    mine = an_endorsement(letter, kept, visibility="counted")
    changed_in_substance(letter)
    theirs = an_endorsement(letter, gone)
    merge(kept, gone)
    assert (fresh(mine).status, fresh(theirs).status) == ("folded", "approved")
    assert counting.count(letter, timezone.now()).organisations == 1


def test_what_is_not_approved_just_moves():
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    an_endorsement(letter, kept)
    waiting = an_endorsement(letter, gone, state="confirmed")
    merge(kept, gone)
    assert (fresh(waiting).status, fresh(waiting).organisation) == ("confirmed", kept)
    with pytest.raises(NotAllowed, match="approved"), transaction.atomic():
        endorsing.approve(fresh(waiting), by=None)


def test_what_is_signed_for_an_entry_just_merged_goes_to_the_survivor():
    kept, gone = an_organisation(), an_organisation()
    stale = fresh(gone)
    merge(kept, gone)
    letter = a_letter()
    assert endorsing.sign(letter, a_sign_on(stale), at=timezone.now()).organisation == kept
    assert endorsing.record(letter, fresh(gone), by=None, evidence="checked").organisation == kept
    inviting.invite(
        letter, by=None, name="Wells", email="office@wells.example.org", language="en", organisation=fresh(gone)
    )
    assert Invitation.objects.get().organisation == kept


# Undo


def test_what_came_to_the_survivor_since_stays_and_what_ended_stays_ended():
    kept, gone = an_organisation("FIDH", country="FR"), an_organisation("Human Rights Federation", country="BE")
    letter, other = a_letter(), a_letter()
    mine, theirs = an_endorsement(letter, kept), an_endorsement(letter, gone, visibility="country")
    withdrawn = an_endorsement(other, gone)
    done = merge(kept, gone, choices={"country": "gone"})
    endorsing.withdraw(fresh(withdrawn))
    anew = an_endorsement(other, kept)
    endorsing.withdraw(fresh(theirs))
    again = an_endorsement(letter, kept)
    Organisation.objects.filter(pk=kept.pk).update(country="CH")
    vetting.name_row(kept, "Fédération").save()
    undo(done)
    assert [(fresh(row).organisation, fresh(row).status) for row in (withdrawn, anew, theirs, again, mine)] == [
        (gone, "withdrawn"),
        (kept, "approved"),
        (gone, "withdrawn"),
        (kept, "approved"),
        (kept, "folded"),
    ], "one that was folded stays so where its organisation has signed anew"
    assert fresh(kept).country == "CH"
    assert names_of(kept) == {("FIDH", "official"), ("Fédération", "official")}


def test_the_survivor_of_a_later_withdrawal_lets_the_folded_one_stand_again():
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    mine, theirs = an_endorsement(letter, kept), an_endorsement(letter, gone)
    done = merge(kept, gone)
    endorsing.withdraw(fresh(mine))
    assert counting.count(letter, timezone.now()).organisations == 0
    undo(done)
    assert (fresh(mine).status, fresh(theirs).status) == ("withdrawn", "approved")
    assert counting.count(letter, timezone.now()).organisations == 1


def test_what_was_removed_for_safety_stays_without_a_trace():
    kept, gone = an_organisation(), an_organisation()
    letter = a_letter()
    an_endorsement(letter, kept)
    theirs = an_endorsement(letter, gone)
    moved, other = an_endorsement(None, gone), an_endorsement(None, gone)
    done = merge(kept, gone)
    for endorsement in (theirs, moved):
        endorsing.remove_for_safety(fresh(endorsement), by=None)
    assert fresh(done).journal["rows"]["letters.Endorsement"] == {"moved": [other.pk], "folded": []}
    undo(done)
    assert {(fresh(row).organisation, fresh(row).status) for row in (theirs, moved)} == {(None, "removed")}


def test_undo_has_its_time_and_its_order():
    kept, gone, third = an_organisation(), an_organisation(), an_organisation()
    now = timezone.now()
    done = merge(kept, gone)
    with pytest.raises(NotAllowed, match="30 days"):
        undo(done, at=now + timedelta(days=31))
    later = merge(kept, third)
    with pytest.raises(NotAllowed, match="into this one since"):
        undo(done)
    undo(later)
    onward = merge(third, kept)
    with pytest.raises(NotAllowed, match="into another one since"):
        undo(done)
    undo(onward)
    with pytest.raises(NotAllowed, match="role"):
        undo(done, by=UserFactory(staff=True))
    undo(done, by=a_moderator(a_letter()))
    with pytest.raises(NotAllowed, match="undone already"):
        undo(done)
    assert fresh(gone).standing == "verified"
    assert Merge.objects.filter(undone_at=None).count() == 0
    merge(kept, gone)


# Differences


def test_what_was_told_apart_is_remembered_and_holds_for_the_survivor():
    now = timezone.now()
    germany, switzerland, third = (an_organisation(country=code) for code in ("DE", "CH", "AT"))
    for _ in range(2):
        merging.declare_different(switzerland, germany, by=None, at=now)
    assert Difference.objects.count() == 1
    assert merging.are_different(germany, [switzerland, third]) == {switzerland.pk}
    assert merging.different_from(switzerland) == {germany.pk}
    done = merge(third, germany)
    assert merging.different_from(switzerland) == {third.pk}
    assert merging.different_from(fresh(third)) == {switzerland.pk}
    undo(done)
    assert merging.different_from(fresh(third)) == set()
    with pytest.raises(NotAllowed, match="role"):
        merging.declare_different(germany, third, by=UserFactory(staff=True), at=now)
    with pytest.raises(NotAllowed, match="same entry"):
        merging.declare_different(germany, germany, by=None, at=now)


def test_a_difference_can_be_taken_back_and_both_entries_tell_it(desk):
    one, other = an_organisation("Mawingu Forum", country="KE"), an_organisation("Mawingu Forum", country="UG")
    desk.post(pair(one, other), {"action": "different"})
    page = desk.get(f"{REGISTER}{other.pk}/change/")
    assert "Not the same as Mawingu Forum Kenya" in text_of(page)
    assert "Told apart from another entry" in text_of(page)
    door = f"{REGISTER}{other.pk}/difference/{one.pk}/"
    assert door in page.content.decode()
    assert desk.get(door).status_code == 405
    answer = desk.post(door, follow=True)
    assert "Mawingu Forum and Mawingu Forum may be one organisation again." in text_of(answer)
    assert "Not the same as" not in text_of(answer)
    assert not Difference.objects.exists()
    for entry, twin in ((one, other), (other, one)):
        told = [(event.verb, event.code, event.by.name) for event in list(entry.events.all())[-2:]]
        assert told == [(verb, twin.public_id, "Chiara") for verb in ("tell_apart", "forget_difference")]
    assert f"{REGISTER}{other.pk}/merge/{one.pk}/" in links_of(desk.get(f"{REGISTER}{other.pk}/merge/"))
    assert "Nobody has told these two entries apart." in text_of(desk.post(door, follow=True))


def test_a_difference_of_what_was_merged_is_taken_back_with_it(client):
    germany, switzerland, third = (an_organisation(country=code) for code in ("DE", "CH", "AT"))
    merging.declare_different(germany, switzerland, by=None, at=timezone.now())
    merge(third, germany)
    with pytest.raises(NotAllowed, match="role"):
        merging.take_difference_back(third, switzerland, by=UserFactory(staff=True), at=timezone.now())
    client.force_login(a_moderator(a_letter(), role="convener"))
    assert client.post(f"{REGISTER}{third.pk}/difference/{switzerland.pk}/").status_code == 403
    assert merging.different_from(fresh(third)) == {switzerland.pk}
    merging.take_difference_back(third, switzerland, by=None, at=timezone.now())
    assert merging.different_from(fresh(third)) == set()


# Cost


def test_the_number_of_queries_grows_with_the_signatures_alone():
    def cost(signatures: int, names: int) -> int:
        kept, gone = an_organisation(), an_organisation()
        for number in range(names):
            vetting.name_row(gone, f"Name {number}", kind="alias").save()
            Domain.objects.create(organisation=gone, name=f"{number}.example.org", how="website")
            merge(gone, an_organisation())
        for _ in range(signatures):
            letter = a_letter()
            an_endorsement(letter, gone)
            Invitation.objects.create(
                letter=letter, organisation=gone, name="W", email="a@b.org", email_digest="0", invited_at=timezone.now()
            )
        with CaptureQueriesContext(connection) as queries:
            merge(kept, gone)
        return len(queries)

    assert cost(0, 6) == cost(0, 1) <= 36
    assert cost(4, 1) - cost(2, 1) <= 2 * 16


# Merge, then undo: every row is where it was

STATES = [
    "approved", "approved", "approved", "approved", "", "", "submitted", "expired", "confirmed", "asked", "held",
    "rejected", "withdrawn", "removed", "folded",
]  # fmt: skip
#: One place for each of three entries on each of three letters; "" leaves it empty.
places = st.lists(
    st.tuples(st.sampled_from(STATES), st.sampled_from(Endorsement.Visibility.values)), min_size=9, max_size=9
)
graphs = st.fixed_dictionaries(
    {
        "merged_earlier": st.sampled_from([True, False]),
        "letters": st.lists(
            st.fixed_dictionaries({"ends": st.sampled_from(["open", "closed", "taken_down"]), "is_due": st.booleans()}),
            min_size=3,
            max_size=3,
        ),
        "endorsements": places,
        "later": st.one_of(st.just([]), places),
        "invitations": st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=3),
        "names": st.lists(
            st.tuples(
                st.integers(0, 2),
                st.sampled_from(["Wells Union", "WU", "Union des puits"]),
                st.sampled_from(["", "en", "fr"]),
                st.sampled_from(OrganisationName.Kind.values),
            ),
            max_size=6,
        ),
        "domains": st.lists(
            st.tuples(st.integers(0, 2), st.sampled_from(["wells.org", "union.org"]), st.booleans()), max_size=5
        ),
        "fields": st.lists(
            st.fixed_dictionaries(
                {
                    "country": st.sampled_from(["", "KE", "FR"]),
                    "website": st.sampled_from(["", "https://wells.org"]),
                    "scope": st.sampled_from(["", "local"]),
                    "kind": st.sampled_from(["", "union"]),
                    "about": st.sampled_from(["", "We dig wells."]),
                    "ecosoc": st.sampled_from([("", None), ("special", 1998), ("roster", 2001)]),
                    "at_risk": st.booleans(),
                    "is_listed": st.booleans(),
                    "standing": st.sampled_from(["provisional", "verified", "suspended"]),
                    "has_logo": st.booleans(),
                }
            ),
            min_size=3,
            max_size=3,
        ),
        "choices": st.dictionaries(st.sampled_from([*merging.FIELDS, "name"]), st.sampled_from(["kept", "gone"])),
    }
)


@pytest.mark.slow
@given(graphs)
@example_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_merge_then_undo_returns_every_row_to_where_it_was(graph):
    with transaction.atomic():
        kept, gone, _ = entries = _built(graph)
        letters = list(Letter.objects.all())
        before = _rows()
        counted = {letter.pk: counting.count(letter, timezone.now()).organisations for letter in letters}
        done = merging.merge(kept, gone, choices=graph["choices"], by=None, at=timezone.now())
        _check_merged(entries, letters, counted)
        undo(done)
        after = _rows()
        for table, rows in before.items():
            assert after[table] == rows, table
        transaction.set_rollback(True)


def _built(graph: dict[str, Any]) -> list[Organisation]:
    entries = [an_organisation(f"Entry {number}", verified=False, country="") for number in range(3)]
    letters = [a_letter() for _ in range(3)]
    _signed(letters, entries, graph["endorsements"])
    for letter, how in zip(letters, graph["letters"], strict=True):
        if how["is_due"]:
            changed_in_substance(letter)
    _signed(letters, entries, graph["later"])
    for number, (of, at) in enumerate(graph["invitations"]):
        inviting.invite(
            letters[at], by=None, name="W", email=f"w{number}@wells.org", language="en", organisation=entries[of]
        )
    for letter, how in zip(letters, graph["letters"], strict=True):
        if how["ends"] == "closed":
            lifecycle.close(letter, by=None)
        elif how["ends"] == "taken_down":
            lifecycle.take_down(letter, by=None, note="Why.")
    for of, text, language, kind in graph["names"]:
        row = vetting.name_row(entries[of], text, language=language, kind=kind)
        if not entries[of].names.filter(language=language, kind=kind).exists():
            row.save()
    for of, name, is_checked in graph["domains"]:
        proof = {"how": "checked", "verified_at": timezone.now()} if is_checked else {"how": "website"}
        Domain.objects.get_or_create(organisation=entries[of], name=name, defaults=proof)
    for organisation, fields in zip(entries, graph["fields"], strict=True):
        _as_described(organisation, fields)
    if graph["merged_earlier"]:
        vetting.verify(entries[1], by=None) if fresh(entries[1]).standing == "provisional" else None
        if fresh(entries[1]).standing == "verified":
            merge(entries[1], entries[2])
    kept, gone = fresh(entries[0]), fresh(entries[1])
    if kept.standing == "suspended":
        vetting.reinstate(entries[0], by=None, note="Why.")
    elif kept.standing == "provisional" and gone.standing != "provisional":
        vetting.verify(entries[0], by=None)
    return [fresh(organisation) for organisation in entries]


def _signed(letters: list[Letter], entries: list[Organisation], places: list[tuple[str, str]]) -> None:
    """One more endorsement at each place, unless another of the organisation stands approved and consenting there."""
    for number, (state, visibility) in enumerate(places):
        letter, organisation = fresh(letters[number % 3]), entries[number // 3]
        if state and not letter.endorsements.consenting().filter(organisation=organisation).exists():
            an_endorsement(letter, organisation, state=state, visibility=visibility)


def _as_described(organisation: Organisation, fields: dict[str, Any]) -> None:
    ecosoc_status, ecosoc_since = fields["ecosoc"]
    plain = {
        name: fields[name] for name in ("country", "website", "scope", "kind", "about", "at_risk", "is_listed")
    } | {"ecosoc_status": ecosoc_status, "ecosoc_since": ecosoc_since}
    if fields["has_logo"]:
        plain["logo"] = Organisation._meta.get_field("logo").storage.save("logos/drawn.png", ContentFile(b"png"))
    Organisation.objects.filter(pk=organisation.pk).update(**plain)
    organisation.refresh_from_db()
    if organisation.standing == "provisional" and fields["standing"] != "provisional":
        vetting.verify(organisation, by=None)
    if fields["standing"] == "suspended":
        vetting.suspend(organisation, by=None, note="Why.")


def _rows() -> dict[str, dict[Any, dict[str, Any]]]:
    """Every row of every table but what is only ever added to, with every column but the revisions."""
    tables = {}
    for model in apps.get_models():
        is_history = issubclass(model, Event | Note | Merge)
        if model._meta.app_label in ("letters", "signatories") and not is_history:
            rows = {row.pop("id"): row for row in map(_plain, model._base_manager.values())}
            tables[model._meta.label] = rows
    return tables


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    as_bytes = {name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()}
    return {name: value for name, value in as_bytes.items() if name not in ("revision", "hidden_revision")}


def _check_merged(entries: list[Organisation], letters: list[Letter], counted: dict[int, int]) -> None:
    kept, gone, third = map(fresh, entries)
    assert gone.standing == "merged"
    assert gone.merged_into == kept
    assert third.merged_into in (None, kept)
    assert not gone.endorsements.exists()
    assert not gone.invitations.exists()
    assert kept.names.filter(is_main=True).count() == 1
    texts = set(kept.names.values_list("text", flat=True))
    assert set(gone.names.values_list("text", flat=True)) <= texts
    for letter in letters:
        approved = letter.endorsements.approved()
        organisations = list(approved.values_list("organisation", flat=True))
        assert len(organisations) == len(set(organisations))
        figure = counting.count(fresh(letter), timezone.now()).organisations
        assert counted[letter.pk] - 1 <= figure <= counted[letter.pk]
        assert figure == letter.endorsements.counted().values("organisation").distinct().count()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# The desk

REGISTER = "/admin/signatories/organisation/"


@pytest.fixture
def desk(client) -> Client:
    client.force_login(a_moderator(a_letter(), name="Chiara"))
    return client


def pair(kept: Organisation, gone: Organisation) -> str:
    return f"{REGISTER}{kept.pk}/merge/{gone.pk}/"


def seen(kept: Organisation, gone: Organisation) -> str:
    return f"{fresh(kept).revision}-{fresh(gone).revision}"


def test_the_desk_finds_the_other_entry_merges_and_undoes(desk):
    kept = an_organisation("Mawingu Forum", country="KE", website="https://mawingu.example")
    gone = an_organisation("Mawingu Water Forum", country="UG", verified=False)
    an_organisation("Something else")
    signed = an_endorsement(None, gone, state="confirmed")
    assert f"{REGISTER}{kept.pk}/merge/" in links_of(desk.get(f"{REGISTER}{kept.pk}/change/"))
    page = desk.get(f"{REGISTER}{kept.pk}/merge/")
    assert re.search(r"Mawingu Water Forum Uganda · provisional \w+ the same: name 0\.\d\d", text_of(page))
    assert "Something else" not in text_of(page)
    assert pair(kept, gone) in links_of(page)
    page = desk.get(pair(kept, gone))
    for words in ("Uganda", "Kenya", "1 signature on 1 letter moves.", "It can be undone for 30 days."):
        assert words in text_of(page)
    assert not re.search(r"<th[^>]*>\s*</th>", page.content.decode()), "an empty header is read out as nothing"
    assert pair(gone, kept) in links_of(page)
    chosen = {"action": "merge", "seen": seen(kept, gone), "country": "gone", "website": "kept", "name": "kept"}
    answer = desk.post(pair(kept, gone), chosen, follow=True)
    assert "Merged: Mawingu Water Forum into Mawingu Forum. It can be undone for 30 days." in text_of(answer)
    assert (fresh(kept).country, fresh(gone).merged_into, fresh(signed).organisation) == ("UG", kept, kept)
    done = Merge.objects.get()
    assert done.by is not None
    assert done.by.name == "Chiara"
    page = desk.get(f"{REGISTER}{kept.pk}/change/")
    assert "Merged into this entry Mawingu Water Forum" in text_of(page)
    assert f"{REGISTER}{kept.pk}/change/" in links_of(desk.get(f"{REGISTER}{gone.pk}/change/"))
    address = f"{REGISTER}{kept.pk}/merges/{done.pk}/undo/"
    assert address in page.content.decode()
    assert desk.get(address).status_code == 405
    answer = desk.post(address, follow=True)
    assert "The merge is undone: Mawingu Water Forum is an entry again." in text_of(answer)
    assert address not in answer.content.decode()
    assert (fresh(kept).country, fresh(gone).standing, fresh(signed).organisation) == ("KE", "provisional", gone)
    assert "undone already" in text_of(desk.post(address, follow=True))


def test_what_the_survivor_lacks_comes_from_the_other_unless_somebody_says_otherwise(desk):
    kept, gone = an_organisation("A", country=""), an_organisation("B", country="UG")
    fields = desk.get(pair(kept, gone)).context["form"]
    assert (fields["country"].initial, fields["name"].initial) == ("gone", "kept")
    assert set(fields.fields) == {"name", "country"}, "only where they differ"


def test_a_look_changes_nothing_and_only_who_keeps_the_register_may_look(desk, client):
    kept, gone = an_organisation(is_listed=True), an_organisation()
    before = fresh(kept).revision
    for address in (f"{REGISTER}{kept.pk}/merge/", pair(kept, gone)):
        assert desk.get(address, {"action": "merge"}).status_code == 200
    assert (fresh(kept).revision, Merge.objects.count(), Difference.objects.count()) == (before, 0, 0)
    done = merge(kept, gone)
    client.force_login(a_moderator(a_letter(), role="observer"))
    for address in (f"{REGISTER}{kept.pk}/merge/", pair(kept, gone), f"{REGISTER}{kept.pk}/logo.png"):
        assert client.get(address).status_code == 403
    assert client.post(pair(kept, gone), {"action": "different"}).status_code == 403
    assert client.post(f"{REGISTER}{kept.pk}/merges/{done.pk}/undo/").status_code == 403
    page = client.get(f"{REGISTER}{kept.pk}/change/")
    assert "Merged into this entry" not in text_of(page)
    assert "/undo/" not in page.content.decode()
    assert "Merge with another entry" not in text_of(page)


def test_what_changed_meanwhile_is_told_and_no_choice_is_lost(desk):
    kept, gone = an_organisation("A", country="KE"), an_organisation("B", country="UG")
    chosen = {"action": "merge", "seen": seen(kept, gone), "country": "gone", "name": "gone"}
    vetting.suspend(gone, by=None, note="Meanwhile.")
    answer = desk.post(pair(kept, gone), chosen)
    assert answer.status_code == 409
    assert "Somebody changed one of the two entries meanwhile." in text_of(answer)
    assert (answer.context["form"]["country"].value(), answer.context["form"]["name"].value()) == ("gone", "gone")
    assert not Merge.objects.exists()
    again = chosen | {"seen": answer.context["seen"]}
    assert desk.post(pair(kept, gone), again).status_code == 302
    assert fresh(kept).name == "B"


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"action": "merge", "country": "third", "name": "kept"}, 422, "Country: choose one of the two"),
        ({"action": "merge", "name": "kept"}, 422, "Country: choose one of the two"),
        ({"action": "merge", "country": "kept", "name": "kept", "seen": "x-²"}, 409, "Somebody changed one of the two"),
        ({"action": "burn"}, 409, "Choose what to do."),
        ({}, 409, "Choose what to do."),
    ],
)
def test_what_makes_no_sense_is_told_in_a_sentence(desk, said, status, sentence):
    kept, gone = an_organisation("A", country="KE"), an_organisation("B", country="UG")
    answer = desk.post(pair(kept, gone), {"seen": seen(kept, gone)} | said)
    assert answer.status_code == status
    assert sentence in text_of(answer)
    assert not Merge.objects.exists()


def test_an_entry_with_itself_or_a_merged_one_is_told_in_a_sentence(desk):
    kept, gone = an_organisation(), an_organisation()
    merge(kept, gone)
    assert "one and the same" in text_of(desk.post(pair(kept, kept), {"action": "merge", "seen": seen(kept, kept)}))
    chosen = {"action": "merge", "seen": seen(kept, gone), "name": "kept"}
    assert "merged already" in text_of(desk.post(pair(kept, gone), chosen))
    assert desk.get(f"{REGISTER}{gone.pk}/merge/").status_code == 404
    assert desk.get(pair(kept, gone).replace(str(gone.pk), "999999")).status_code == 404


def test_what_was_told_apart_is_not_suggested_again(desk):
    one, other = an_organisation("Mawingu Forum", country="KE"), an_organisation("Mawingu Forum", country="UG")
    waiting = an_endorsement(None, one, state="confirmed")
    moderator = a_moderator(waiting.letter)
    queue = Client()
    queue.force_login(moderator)
    review = f"/admin/letters/endorsement/{waiting.pk}/change/"
    assert f"{REGISTER}{other.pk}/change/" in links_of(queue.get(review))
    answer = desk.post(pair(one, other), {"action": "different"}, follow=True)
    assert "Remembered: Mawingu Forum and Mawingu Forum are two organisations." in text_of(answer)
    page = desk.get(f"{REGISTER}{one.pk}/merge/")
    assert "No other entry is like this." in text_of(page)
    assert "Told apart from this one Mawingu Forum Uganda" in text_of(page)
    assert "found two organisations" in text_of(desk.get(pair(other, one)))
    assert f"{REGISTER}{other.pk}/change/" not in links_of(queue.get(review))


def test_the_desks_pages_ask_a_bounded_number_of_questions(desk):
    def cost(number: int) -> tuple[int, int, int]:
        kept, gone = an_organisation("Mawingu Forum"), an_organisation("Mawingu Union")
        for _ in range(number):
            merge(kept, an_organisation())
            merge(gone, an_organisation())
            an_endorsement(None, gone)
            vetting.name_row(gone, f"Name {timezone.now()}", kind="alias").save()
        found = []
        for address in (f"{REGISTER}{kept.pk}/change/", f"{REGISTER}{kept.pk}/merge/", pair(kept, gone)):
            with CaptureQueriesContext(connection) as queries:
                desk.get(address)
            found.append(len(queries))
        return found[0], found[1], found[2]

    desk.get(f"{REGISTER}{an_organisation().pk}/change/")  # what is asked once and for all
    assert cost(4) == cost(1)


def test_what_is_removed_for_safety_does_not_stay_in_its_double_nor_come_back_by_an_undo():
    letter, kept, gone = a_letter(), an_organisation("Forum Mawingu"), an_organisation("FM")
    standing, double = an_endorsement(letter, kept), an_endorsement(letter, gone)
    done = merge(kept, gone)
    double.refresh_from_db()
    assert double.status == "folded"
    endorsing.remove_for_safety(standing, by=None)
    double.refresh_from_db()
    assert (double.status, double.organisation, double.printed_name) == ("removed", None, "")
    undo(done)
    double.refresh_from_db()
    assert double.status == "removed"
    assert counting.count(letter, timezone.now()).organisations == 0
