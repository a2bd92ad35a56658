"""A register of any size, made quickly in Postgres: invented names of real words, some in few words, some in many."""

from __future__ import annotations

from django.db import connection

#: Words that many names share, and endings that make rare ones of syllables.
_SQL = """
INSERT INTO signatories_organisation
    (public_id, slug, country, website, scope, kind, logo, about, standing, ecosoc_status, at_risk, is_listed, revision)
SELECT 'bench' || n, 'bench-' || n, '', '', '', '', '', '', 'verified', '', false, true, 0
FROM generate_series(1, %(size)s) AS n;

WITH drawn AS (
    SELECT organisation.id AS organisation_id, ordinal,
        (ARRAY['association', 'rede', 'union', 'foundation', 'centro', 'comite', 'forum', 'verein'])
            [1 + ('x' || substr(digest, 1, 4))::bit(16)::int %% 8] AS body,
        (ARRAY['for', 'de', 'pour', 'fur'])[1 + ('x' || substr(digest, 5, 4))::bit(16)::int %% 4] AS joining,
        (ARRAY['water', 'mujeres', 'climat', 'justice', 'youth', 'rights', 'health', 'direitos', 'paix', 'umwelt'])
            [1 + ('x' || substr(digest, 9, 4))::bit(16)::int %% 10] AS cause,
        'x' || translate(substr(digest, 13, 3), '0123456789abcdef', 'bdfgklmnprstvzae') || 'ona' AS town,
        translate(substr(digest, 17, 6), '0123456789abcdef', 'aeioulmnprstvzbd') AS own
    FROM (
        SELECT id, ordinal, md5(id || '-' || ordinal) AS digest
        FROM signatories_organisation CROSS JOIN generate_series(1, 3) AS ordinal
        WHERE public_id LIKE 'bench%%'
    ) AS organisation
), named AS (
    SELECT organisation_id, ordinal, CASE ordinal
        WHEN 1 THEN concat_ws(' ', body, joining, cause, town, own)
        WHEN 2 THEN concat_ws(' ', body, joining, cause, town, organisation_id::text)
        ELSE concat_ws(' ', own, cause) END AS text
    FROM drawn
)
INSERT INTO signatories_organisationname
    (organisation_id, text, language, kind, is_main, sort_key, normalised, acronyms)
SELECT organisation_id, text, '', CASE ordinal WHEN 1 THEN 'official' ELSE 'alias' END, ordinal = 1,
    convert_to(text, 'UTF8'), text,
    ARRAY[(SELECT string_agg(left(word, 1), '') FROM unnest(string_to_array(text, ' ')) AS word)]
FROM named;
"""


def fill(size: int) -> None:
    """Puts `size` organisations of three names each onto the register, and makes its larger indexes anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN (%s, %s) AND indexdef LIKE '%%USING gin%%'",
            ["signatories_organisationname", "signatories_word"],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute(_SQL, {"size": size})
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or foreign keys, not yet checked, forbid the next
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("ANALYZE signatories_organisation, signatories_organisationname, signatories_word")
