"""A merge at the same moment as something else: nothing deadlocks, nothing is left with the entry that goes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from coalition.workflow import NotAllowed
from letters import counting, endorsing
from letters import imports as lists
from letters.models import Endorsement, Letter
from signatories import imports, merging, vetting
from signatories.importing import paste
from signatories.models import Import, ImportLine, Merge, Organisation
from tests.factories import a_letter, a_sign_on, an_endorsement, an_organisation
from tests.letters.test_races import ROUNDS, at_once, fresh

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def entry(organisation: Organisation) -> Organisation:
    return Organisation.objects.get(pk=organisation.pk)


def merge(kept: Organisation, gone: Organisation) -> Merge:
    return merging.merge(entry(kept), entry(gone), by=None, at=timezone.now())


def test_a_merge_against_approvals_counts_the_organisation_once():
    for _ in range(ROUNDS):
        letter, kept, gone = a_letter(), an_organisation(), an_organisation()
        mine, theirs = (an_endorsement(letter, organisation, state="confirmed") for organisation in (kept, gone))
        raised = at_once(
            lambda e=theirs: endorsing.approve(fresh(e), by=None),
            lambda e=mine: endorsing.approve(fresh(e), by=None),
            lambda pair=(kept, gone): merge(*pair),
        )
        assert raised[2] is None
        assert not gone.endorsements.exists()
        assert counting.count(letter, timezone.now()).organisations == 1
        assert {fresh(mine).organisation, fresh(theirs).organisation} == {kept}


def test_a_merge_against_sign_ons_leaves_none_behind():
    for _ in range(ROUNDS):
        kept, gone = an_organisation(), an_organisation()
        letters = [a_letter() for _ in range(3)]
        raised = at_once(
            *(
                lambda pk=letter.pk, gone=gone: endorsing.sign(
                    Letter.objects.get(pk=pk), a_sign_on(entry(gone)), at=timezone.now()
                )
                for letter in letters
            ),
            lambda pair=(kept, gone): merge(*pair),
        )
        assert raised[:3] == [None] * 3
        if isinstance(raised[3], NotAllowed):
            merge(kept, gone)
        assert Endorsement.objects.filter(letter__in=letters, organisation=kept).count() == 3


def test_two_entries_merged_into_each_other_at_once_are_merged_once():
    for _ in range(ROUNDS):
        one, other = an_organisation(), an_organisation()
        letter = a_letter()
        an_endorsement(letter, one)
        an_endorsement(letter, other)
        raised = at_once(lambda pair=(one, other): merge(*pair), lambda pair=(other, one): merge(*pair))
        assert sum(error is None for error in raised) == 1
        assert counting.count(letter, timezone.now()).organisations == 1


def test_an_undo_pressed_twice_is_one_and_a_chain_is_undone_from_its_end():
    for _ in range(ROUNDS):
        first, second, third = (an_organisation() for _ in range(3))
        an_endorsement(None, first)
        done = merge(second, first)
        raised = at_once(
            lambda pk=done.pk: merging.undo(Merge.objects.get(pk=pk), by=None, at=timezone.now()),
            lambda pk=done.pk: merging.undo(Merge.objects.get(pk=pk), by=None, at=timezone.now()),
            lambda pair=(third, second): merge(*pair),
            lambda organisation=second: vetting.suspend(entry(organisation), by=None, note="Why."),
        )
        assert sum(error is None for error in raised[:2]) <= 1
        ends = {entry(organisation).merged_into for organisation in (first, second)}
        assert all(end is None or end.merged_into is None for end in ends)
        if raised[0] is None or raised[1] is None:
            assert entry(first).standing == "verified"
        assert timezone.now() - done.at < timedelta(minutes=1)


def test_two_lists_in_turned_order_do_not_wait_for_each_other():
    for _ in range(ROUNDS):
        known = [an_organisation() for _ in range(12)]
        batches = [a_list(known), a_list(known[::-1])]
        at_once(*(lambda pk=batch.pk: imports.carry_out(Import.objects.get(pk=pk), by=None) for batch in batches))
        assert Endorsement.objects.filter(organisation__in=known, status="confirmed").count() == 24
        undone = at_once(*(lambda pk=batch.pk: take_back(pk) for batch in batches))
        assert undone == [None, None]
        assert not Endorsement.objects.filter(organisation__in=known, status="confirmed").exists()


def test_one_list_handed_in_twice_and_imported_at_once_comes_onto_the_register_once():
    text = "\n".join(f"Quartz {number} zebra" for number in range(12))
    batches = [imports.take_in(paste(text), source="Form", by=None, at=timezone.now()) for _ in range(2)]
    for batch in batches:
        imports.preview(batch)
        imports.confirm(batch, by=None)
    raised = at_once(*(lambda pk=batch.pk: imports.carry_out(Import.objects.get(pk=pk), by=None) for batch in batches))
    assert [type(error) for error in raised if error] == [NotAllowed]
    assert Organisation.objects.filter(names__text__startswith="Quartz ").count() == 12


def test_a_list_against_a_merge_leaves_none_behind():
    for _ in range(ROUNDS):
        known = [an_organisation() for _ in range(6)]
        batch = a_list(known[::-1])
        raised = at_once(
            lambda pk=batch.pk: imports.carry_out(Import.objects.get(pk=pk), by=None),
            lambda pair=(known[1], known[4]): merge(*pair),
        )
        assert any(error is None for error in raised)
        for organisation in known:
            assert not (entry(organisation).standing == "merged" and organisation.endorsements.exists())


def a_list(known: list[Organisation]) -> Import:
    """A list of organisations on the register, as endorsements of a letter of its own; the next step is the job's."""
    batch = lists.take_in(
        a_letter(), paste("\n".join(entry(one).name for one in known)), kind="paper", evidence="checked", by=None,
        at=timezone.now(), source="Paper",
    )  # fmt: skip
    for line, organisation in zip(batch.lines.order_by("number"), known, strict=True):
        ImportLine.objects.filter(pk=line.pk).update(name="Forum", choice="known", organisation=organisation)
    imports.show(batch)
    return imports.confirm(batch, by=None)


def take_back(pk: int) -> None:
    batch = imports.undo(Import.objects.get(pk=pk), by=None)
    imports.take_back(batch, by=None)
