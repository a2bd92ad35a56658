"""What Postgres itself refuses, whoever asks and however: sealed texts, events, notes."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from letters import endorsing, lifecycle
from letters.models import Text, Version
from tests.factories import a_letter, an_endorsement

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: object) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def is_refused(statement: str, *values: object) -> None:
    with pytest.raises(DatabaseError, match="pgtrigger"):
        sql(statement, *values)


def test_a_sealed_version_and_its_texts_cannot_change():
    letter = a_letter(texts={"fr": "Rivières"})
    version = letter.version
    is_refused("UPDATE letters_version SET note = 'x' WHERE id = %s", version.pk)
    is_refused("UPDATE letters_version SET sealed_at = NULL, digest = NULL WHERE id = %s", version.pk)
    is_refused("UPDATE letters_text SET body = 'x' WHERE version_id = %s", version.pk)
    is_refused("DELETE FROM letters_text WHERE version_id = %s", version.pk)
    is_refused(
        "INSERT INTO letters_text (version_id, language, title, summary, salutation, body, demands, closing)"
        " VALUES (%s, 'es', 'x', '', '', 'x', '{}', '')",
        version.pk,
    )
    draft = a_letter(state="draft").version
    is_refused(
        "UPDATE letters_text SET version_id = %s WHERE version_id = %s AND language = 'en'", version.pk, draft.pk
    )


def test_a_draft_can_change():
    version = a_letter(state="draft").version
    assert sql("UPDATE letters_text SET body = 'x' WHERE version_id = %s", version.pk) == 1


def test_the_digest_is_that_of_the_texts():
    letter = a_letter(title="Rivers", texts={"fr": "Rivières"}, reference="R-1")
    version = Version.objects.get(letter=letter)
    texts = [
        {
            "body": "We live with the rivers.\n\nWe ask to be told.",
            "closing": "Respectfully,",
            "demands": ["**Publish** by default."],
            "language": language,
            "salutation": "Dear Chair,",
            "summary": "Rivers are shared.",
            "title": title,
        }
        for language, title in (("en", "Rivers"), ("fr", "Rivières"))
    ]
    canonical = json.dumps({"letter": "R-1", "texts": texts, "version": 1}, ensure_ascii=False, separators=(",", ":"))
    assert version.digest == hashlib.sha256(canonical.encode()).hexdigest()
    assert Text.objects.filter(version=version).count() == 2


@pytest.mark.parametrize("table", ["letters_letterevent", "letters_endorsementevent", "signatories_organisationevent"])
def test_events_cannot_be_changed_or_deleted(table):
    endorsement = an_endorsement()
    lifecycle.close(endorsement.letter, by=None)
    is_refused(f"UPDATE {table} SET verb = 'x'")
    is_refused(f"DELETE FROM {table}")


def test_a_note_can_be_emptied_and_nothing_else():
    endorsement = an_endorsement(state="asked")
    note = endorsement.events.get(verb="ask").note
    is_refused("UPDATE letters_endorsementnote SET text = 'something else' WHERE id = %s", note.pk)
    is_refused("DELETE FROM letters_endorsementnote WHERE id = %s", note.pk)
    assert sql("UPDATE letters_endorsementnote SET text = NULL WHERE id = %s", note.pk) == 1
    is_refused("UPDATE letters_endorsementnote SET text = 'again' WHERE id = %s", note.pk)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("status = 'approved', approved_at = NULL", "approved_says_when"),
        ("status = 'approved', approved_at = now(), evidence = ''", "approved_has_evidence"),
        ("status = 'anything'", "endorsement_status_is_known"),
        ("visibility = 'loud'", "visibility_is_known"),
        ("ended_at = now()", "only_ended_has_an_end"),
        ("printed_name = ''", "only_removed_has_no_name"),
        ("organisation_id = NULL", "only_removed_forgets_its_organisation"),
        ("confirmed_at = '2001-01-01'", "confirmed_after_it_came_in"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(change, constraint):
    endorsement = an_endorsement(state="confirmed")
    with pytest.raises(DatabaseError, match=constraint):
        sql(f"UPDATE letters_endorsement SET {change} WHERE id = %s", endorsement.pk)


def test_the_order_of_signing_is_not_shown_where_names_may_be_withheld():
    letter = a_letter()
    with pytest.raises(DatabaseError, match="order_of_signing_only_without_withheld_names"):
        sql("UPDATE letters_letter SET list_order = 'signed' WHERE id = %s", letter.pk)


def test_addresses_and_names_of_people_lie_encrypted():
    endorsement = an_endorsement(representative_name="Planted Person", representative_email="planted@wells.example.org")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM letters_representative WHERE endorsement_id = %s", [endorsement.pk])
        row = str(cursor.fetchone())
    assert "Planted" not in row
    assert "planted" not in row
    endorsement.representative.refresh_from_db()
    assert endorsement.representative.name == "Planted Person"
    assert endorsing.flow.previous(endorsement) is not None
