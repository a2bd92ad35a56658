"""Published letters come onto the record: twenty real ones, and files in which something is wrong."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from coalition.workflow import together
from letters import counting, endorsing
from letters.importing import located
from letters.models import Endorsement, EndorsementEvent, Letter
from signatories import vetting
from signatories.models import Organisation, OrganisationName
from tests.factories import a_letter, an_organisation

pytestmark = pytest.mark.django_db

LETTERS = Path(settings.BASE_DIR) / "tests" / "data" / "letters"
SHORT = LETTERS / "02-uyghur-genocide-resolution-2021.json"
BEFORE, AFTER = sorted(LETTERS.glob("1[78]-*.json"))
SOURCE = "https://uhrp.org/statement/"


# The twenty


@pytest.mark.slow
def test_all_twenty_letters_come_onto_the_record_with_one_count_everywhere(client: Client) -> None:
    files = sorted(LETTERS.glob("*.json"))
    told = {file: import_letter(file) for file in files}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # no autovacuum sees into the transaction of a test
    listed = counts_of_the_list(client)
    assert len(files) == len(listed) == 20
    for file, sentences in told.items():
        slug = slug_in(sentences)
        letter = Letter.objects.get(slug=slug)
        distinct = distinct_organisations(file)
        page = client.get(letter.get_absolute_url(), follow=True).content.decode()
        register = page.split('<ol class="reg')[1].split("</ol>")[0]
        assert f"{distinct} organisations:" in " ".join(sentences)
        assert f'<data id="signatory-count" value="{distinct}">' in page
        assert register.count("<li>") == distinct
        assert listed[slug] == distinct
        assert counting.count(letter, timezone.now()).organisations == distinct
        assert "Recorded from a published list" in page
        for organisation in (
            letter.endorsements.earliest("order").organisation,
            letter.endorsements.latest("order").organisation,
        ):
            assert organisation is not None
            assert (
                letter.get_absolute_url() in client.get(organisation.get_absolute_url(), follow=True).content.decode()
            )
    before = every_row()
    for file in files:
        assert import_letter(file)[0].startswith("Nothing to do: ")
    assert every_row() == before


def test_a_letter_on_record_is_public_closed_sealed_and_says_its_source() -> None:
    letter = imported(SHORT)
    text = letter.texts["en"]
    source = json.loads(SHORT.read_text())
    assert (letter.status, letter.audience, letter.list_order) == ("closed", "public", "signed")
    assert (letter.source_name, letter.source_url) == (source["host_organisation"], source["source_url"])
    assert letter.source_remark == (
        "The source gives the number of signatories as “42”. The list is not complete."
    )  # fmt: skip
    assert (text.title, text.body, text.demands) == (source["title"], source["summary"], source["demands"])
    assert (str(letter.dated_on), letter.date_precision, letter.reference) == ("2021-05-19", "day", "2021-05")
    assert letter.slug.startswith("2021-05-19-42-groups-support-swift-action")
    assert letter.version is not None
    assert letter.version.sealed_at


def test_its_endorsements_are_approved_by_the_verbs_and_nobody_is_told(run_jobs: Callable[[], int]) -> None:
    letter = imported(SHORT)
    printed = [(entry["position"], entry["name"]) for entry in json.loads(SHORT.read_text())["signatories"]]
    endorsements = letter.endorsements.in_order_of(letter)
    assert [(entry.order, entry.printed_name) for entry in endorsements] == printed
    assert {(entry.status, entry.evidence, entry.visibility) for entry in endorsements} == {
        ("approved", "published", "named")
    }
    assert {event.verb for entry in endorsements for event in entry.events.all()} == {"record", "approve"}
    assert {entry.organisation.standing for entry in endorsements if entry.organisation} == {"verified"}
    assert run_jobs() == 0


def test_a_list_is_written_a_table_at_a_time_and_raises_the_revision_once(
    tmp_path: Path, django_assert_max_num_queries: Any, run_jobs: Callable[[], int]
) -> None:
    known = an_organisation("Name 7", country="", verified=False)
    an_organisation("Name 8", country="")
    names = [entry(number, f"Name {number}") for number in range(1, 201)]
    file = a_file(tmp_path, signatories=names)
    with django_assert_max_num_queries(500):
        letter = imported(file)
    assert letter.endorsements.approved().count() == Organisation.objects.count() == 200
    assert letter.revision == 2  # it came onto the record, and so did its list
    known.refresh_from_db()
    assert known.standing == "verified"
    assert [event.verb for event in known.events.all()] == ["register", "verify"]
    events = [(event.endorsement.order, event.verb) for event in EndorsementEvent.objects.order_by("pk")]
    assert events == [(number, verb) for number in range(1, 201) for verb in ("record", "approve")]
    assert run_jobs() == 0


@pytest.mark.parametrize(
    ("written", "first_day", "precision"),
    [
        ("2022", "2022-01-01", "year"),
        ("2022-04", "2022-04-01", "month"),
        ("2022-04-19", "2022-04-19", "day"),
        (None, "None", "day"),
    ],
)
def test_a_date_is_known_as_exactly_as_it_is_given(
    tmp_path: Path, written: str | None, first_day: str, precision: str
) -> None:
    letter = imported(a_file(tmp_path, date=written))
    assert (str(letter.dated_on), letter.date_precision) == (first_day, precision)


def test_who_gets_a_copy_is_told_apart(tmp_path: Path) -> None:
    letter = imported(a_file(tmp_path, addressees=["cc: The press", "The Chair"]))
    assert [(entry.office, entry.is_copied) for entry in letter.addressees.all()] == [
        ("The Chair", False),
        ("The press", True),
    ]


def test_slug_and_reference_are_those_of_the_command_or_of_the_file_or_made(tmp_path: Path) -> None:
    file = a_file(tmp_path, slug="rivers", reference="R-1", title="川の手紙", date=None)
    assert import_letter(file)[0] == "On record: “川の手紙”, as rivers, reference R-1."
    file = a_file(tmp_path, title="川の手紙", date=None, source_url=f"{SOURCE}2")
    assert (
        import_letter(file, "--slug=streams", "--reference=R-2")[0]
        == "On record: “川の手紙”, as streams, reference R-2."
    )
    for number, ending in ((3, ""), (4, "-2")):
        file = a_file(tmp_path, title="川の手紙", date=None, source_url=f"{SOURCE}{number}")
        assert import_letter(file)[0] == f"On record: “川の手紙”, as undated{ending}, reference undated{ending}."


# The register


def test_organisations_that_sign_two_letters_are_one_on_the_register() -> None:
    earlier, later = imported(BEFORE), imported(AFTER)
    shared = Organisation.objects.filter(endorsements__letter=earlier).filter(endorsements__letter=later)
    names = [{plain(entry["name"]) for entry in entries(file)} for file in (BEFORE, AFTER)]
    assert shared.count() == len(names[0] & names[1]) > 40
    assert Organisation.objects.count() == len(names[0] | names[1])


def test_what_matched_and_what_was_made_is_told(tmp_path: Path) -> None:
    known = an_organisation("Water  Trust", country="")
    names = entry(1, "WATER TRUST"), entry(2, "Another Trust")
    told = import_letter(a_file(tmp_path, signatories=names))
    assert told[1] == "2 organisations: 1 came onto the register, 1 matched one there by name and country."
    assert told[2] == f"position 1: “WATER TRUST” matched {known.slug}."
    assert known.endorsements.get().printed_name == "WATER TRUST"


def test_the_same_name_in_another_country_is_another_organisation(tmp_path: Path) -> None:
    an_organisation("Water Trust", country="KE")
    letter = imported(a_file(tmp_path, signatories=[entry(1, "Water Trust", country="Perú"), entry(2, "Water Trust")]))
    assert [one.printed_country for one in letter.endorsements.order_by("order")] == ["PE", ""]
    assert Organisation.objects.count() == 3


def test_a_list_that_names_a_suspended_organisation_is_refused(tmp_path: Path) -> None:
    vetting.suspend(an_organisation("Water Trust", country=""), by=None, note="A fraud.")
    with pytest.raises(CommandError, match="position 1: “Water Trust” is suspended on the register"):
        import_letter(a_file(tmp_path, signatories=[entry(1, "Water Trust")]))
    assert not Letter.objects.exists()


def test_a_signatory_printed_twice_is_one_endorsement_and_is_told_with_both_positions() -> None:
    told = import_letter(BEFORE)
    letter = Letter.objects.get(slug=slug_in(told))
    mmc = letter.endorsements.get(printed_acronym="MMC")
    assert mmc.order == 41
    assert f"positions 41, 69: “{mmc.printed_name}” is one organisation, so one endorsement." in told


def test_two_names_of_an_organisation_on_the_register_are_one_endorsement(tmp_path: Path) -> None:
    known = an_organisation("Water Trust", country="")
    vetting.name_row(known, "Trust for Water", kind=OrganisationName.Kind.ALIAS).save()
    file = a_file(tmp_path, signatories=[entry(3, "Trust for Water"), entry(5, "Water Trust")])
    assert import_letter(file)[-1] == "positions 3, 5: “Trust for Water” is one organisation, so one endorsement."
    assert import_letter(file)[0].startswith("Nothing to do: ")


def test_an_acronym_inside_the_file_matches_nothing_there(tmp_path: Path) -> None:
    names = entry(1, "Water Trust (WT)", acronym="WT"), entry(2, "WT")
    assert imported(a_file(tmp_path, signatories=names)).endorsements.count() == 2


def test_names_stand_exactly_as_printed(tmp_path: Path) -> None:
    names = ["  Two  spaces ", "No\u00a0break", "l", "Ｗｉｄｅ", "«Голос»", "مركز\u200cها", "e\u0301"]
    letter = imported(a_file(tmp_path, signatories=[entry(place, name) for place, name in enumerate(names, 1)]))
    printed = [one.printed_name for one in letter.endorsements.order_by("order")]
    assert printed == [*names[:-1], "é"]
    assert OrganisationName.objects.filter(text="Two spaces").exists()


def test_individuals_unknown_countries_and_bad_websites_are_told_and_left_out(tmp_path: Path) -> None:
    names = [
        entry(1, "Water Trust", country="Atlantis", website="see below"),
        entry(2, "Amina Wanjiru", kind="individual"),
        entry(3, "Wells Trust", country="ke", website="https://wells.example/"),
    ]
    file = a_file(tmp_path, signatories=names, individual_signers=59)
    told = import_letter(file)
    first = line_of(file, '"Water Trust"')
    assert told[2:] == [
        f"line {first}, position 1: the country “Atlantis” is not known, so none is recorded.",
        f"line {first}, position 1: “see below” is no address of a website, so none is recorded.",
        f"line {first + 1}, position 2: not an organisation, so not imported.",
        f"line {line_of(file, 'individual_signers')}: 59 people have signed beside the organisations; not imported.",
    ]
    letter = Letter.objects.get()
    assert list(letter.endorsements.order_by("order").values_list("order", "printed_country")) == [(1, ""), (3, "KE")]
    assert counting.count(letter, timezone.now()).countries == 1
    assert {one.website for one in Organisation.objects.all()} == {"", "https://wells.example/"}


# Once on record


def test_a_file_that_differs_from_the_record_is_refused_with_the_first_difference(tmp_path: Path) -> None:
    letter = imported(SHORT)
    sentence = f"It is on record as “{letter.slug}” and can't change, but the file differs: demands"
    assert refusal(edited(tmp_path, "without delay", "soon")) == [sentence]


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        (
            "Uyghur American Association",
            "Uighur American Association",
            "position 1 is “Uighur American Association”, on record",
        ),
        ('"position": 12', '"position": 13', "position 12 is missing"),
        ('"list_complete": false', '"list_complete": true', "list_complete or signatory_count_stated"),
        ('"title": "42', '"title": "43', "title"),
    ],
)
def test_every_part_of_a_file_is_compared(tmp_path: Path, old: str, new: str, difference: str) -> None:
    imported(SHORT)
    with pytest.raises(CommandError, match=re.escape(f"the file differs: {difference}")):
        import_letter(edited(tmp_path, old, new))


def test_a_name_that_has_left_the_file_is_a_difference(tmp_path: Path) -> None:
    names = [entry(1, "Water Trust"), entry(2, "Wells Trust")]
    imported(a_file(tmp_path, signatories=names))
    with pytest.raises(CommandError, match="the file differs: position 2 is missing"):
        import_letter(a_file(tmp_path, signatories=names[:1]))


def test_what_moderators_have_decided_since_is_no_difference() -> None:
    letter = imported(SHORT)
    first, second = letter.endorsements.order_by("order")[:2]
    endorsing.reject(first, by=None, code="asked_to_be_removed")
    endorsing.remove_for_safety(second, by=None)
    before = every_row()
    assert import_letter(SHORT)[0].startswith("Nothing to do: ")
    assert every_row() == before


def test_a_slug_or_a_reference_that_another_letter_has_is_refused() -> None:
    other = a_letter()
    with pytest.raises(CommandError, match=f"“{other.slug}”"):
        import_letter(SHORT, f"--slug={other.slug}")
    with pytest.raises(CommandError, match=f"Another letter has the reference “{other.reference}”"):
        import_letter(SHORT, f"--reference={other.reference}")


# Files in which something is wrong


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"name": "Uyghur American Association"', '"name": 7', "“name” should be a string."),
        ('"name": "Uyghur American Association", ', "", "“name” is missing."),
        ("Uyghur American Association", "", "“name” is empty."),
        ("Uyghur American Association", " \\u3000", "“name” is empty."),
        ("Uyghur American Association", "a" * 10_000, "“name” is longer than 300 characters."),
        ("Uyghur American Association", "\ufdfa" * 300, "“name” is longer than 300 characters."),
        ("Uyghur American", "Uyghur\\u0000American", "“name” holds a character that can't be printed: U+0000."),
        ("Uyghur American", "Uyghur\x00American", "This is not JSON: Invalid control character at."),
        ("Uyghur American", "Uyghur\\ud800American", "“name” holds a character that can't be printed: U+D800."),
        ("Uyghur American", "Uyghur\\nAmerican", "“name” holds a character that can't be printed: U+000A."),
        ("Uyghur American", "Uyghur\\u001b[2JAmerican", "“name” holds a character that can't be printed: U+001B."),
        ("Uyghur American", "Uyghur\u202eAmerican", "“name” holds a character that can't be printed: U+202E."),
        ("Uyghur American", "Uyghur\u200bAmerican", "“name” holds a character that can't be printed: U+200B."),
        ("Uyghur American", "e" + "\u0301" * 99, "“name” holds a character that can't be printed."),
        ('"position": 1}', '"position": "1"}', "“position” should be a whole number."),
        ('"position": 1}', '"position": 1.0}', "“position” should be a whole number."),
        ('"position": 1}', '"position": true}', "“position” should be a whole number."),
        ('"position": 1}', '"position": 0}', "“position” should be a number from 1 to 1000000."),
        ('"position": 1}', f'"position": {"9" * 5000}}}', "“position” should be a whole number."),
        ('"position": 3}', '"position": 2}', "Position 2 is taken by the entry on line 23."),
        (
            '"kind": "organisation", "position": 1}',
            '"kind": ["organisation"], "position": 1}',
            "“kind” should be a string.",
        ),
        ('"country": null', '"country": 49', "“country” should be a string."),
        ('"acronym": null', '"acronym": "' + "A" * 41 + '"', "“acronym” is longer than 40 characters."),
        ('{"name": "Uyghur American', '{"name": "", "name": "Uyghur American', "“name” stands twice in one object."),
        ('{"name": "Uyghur American', '[], {"name": "Uyghur American', "Each of “signatories” should be an object."),
        (
            '"language": "en"',
            '"language": "en, zh"',
            "“en, zh” is not one language tag. Give exactly one, for example en, pt-BR or zh-Hant.",
        ),
        ('"language": "en"', '"language": null', "“language” should be a string."),
        (
            '"date": "2021-05-19"',
            '"date": "2021-05-32"',
            "“date” should be a day, a month or a year, such as 2022-04-19, 2022-04 or 2022, or null.",
        ),
        ('"date": "2021-05-19"', '"date": 2021', "“date” should be a string."),
        (
            '"source_url": "https:',
            '"source_url": "javascript:',
            "“source_url” should be one address, with https:// or http:// in front.",
        ),
        ('"summary": "', '"summary": "\\u0007', "“summary” holds a character that can't be printed: U+0007."),
        ('"list_complete": false', '"list_complete": "no"', "“list_complete” should be true or false."),
        (
            '"signatory_count_stated": 42',
            '"signatory_count_stated": [42]',
            "“signatory_count_stated” should be a whole number or a string.",
        ),
        (
            '"individual_signers": null',
            '"individual_signers": "many"',
            "“individual_signers” should be a whole number.",
        ),
        (
            '"title": "',
            '"slug": "a/b", "title": "',
            "“slug” should have no other characters than a to z, 0 to 9 and hyphens.",
        ),
        (
            '"title": "',
            '"kind": "petition", "title": "',
            "“kind” should be one of joint_letter, open_letter, statement, submission.",
        ),
        ('"title": "', '"title": ' + "[" * 100_000 + '"', "This is nested more than 20 levels deep."),
        ('"title": "', '"x": ' + "[" * 30 + "]" * 30 + ', "title": "', "This is nested more than 20 levels deep."),
        ('"Adopt the resolution without delay"', "null", "Each of “demands” should be a string."),
        ('"Speaker of the U.S. House of Representatives"', '"cc: "', "“addressees” should name 1 to 200 of them."),
    ],
    ids=lambda value: None if value.startswith("“") else "",
)
def test_a_broken_file_changes_nothing_and_says_which_line_is_wrong(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    file = edited(tmp_path, old, new)
    wrong = line_of(SHORT, old)
    if problem.startswith("“addressees”"):
        wrong -= 1  # it is the list that is wrong
    assert refusal(file) == [f"line {wrong}: {problem}"]


@pytest.mark.parametrize(
    "key",
    ["title", "date", "addressees", "host_organisation", "language", "source_url", "summary", "demands", "signatories"],
)
def test_what_a_letter_can_not_be_without_is_missed(tmp_path: Path, key: str) -> None:
    content = json.loads(SHORT.read_text())
    del content[key]
    assert refusal(written(tmp_path, content)) == [f"line 1: “{key}” is missing."]


def test_a_truncated_file_says_where_it_breaks_off(tmp_path: Path) -> None:
    text = SHORT.read_text()
    file = tmp_path / "broken.json"
    file.write_text(text[: text.index("Association") + 4])
    assert refusal(file) == [
        f"line {line_of(SHORT, 'Association')}: This is not JSON: Unterminated string starting at."
    ]
    file.write_text("")
    assert refusal(file) == ["line 1: This is not JSON: Expecting value."]


def test_a_file_in_another_encoding_says_where_it_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(SHORT.read_bytes().replace(b"Uyghur American", "Uyghür American".encode("latin-1")))
    assert refusal(file) == [f"line {line_of(SHORT, 'Uyghur American')}: This is not UTF-8."]
    file.write_text(SHORT.read_text(), encoding="utf-8-sig")
    assert imported(file)


@pytest.mark.parametrize("text", ["[]", "7", "null", '"letter"', "NaN"])
def test_a_file_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(f"\n{text}")
    assert refusal(file) == ["line 2: The file should be one object: { … }."]


@pytest.mark.parametrize("signatories", [{"1": "Water Trust"}, "Water Trust", None])
def test_signatories_that_are_no_list_are_refused(tmp_path: Path, signatories: object) -> None:
    file = a_file(tmp_path, signatories=signatories)
    assert f"line {line_of(file, 'signatories')}: “signatories” should be a list." in refusal(file)


def test_a_list_without_an_organisation_is_refused(tmp_path: Path) -> None:
    file = a_file(tmp_path, signatories=[entry(1, "Amina Wanjiru", kind="individual")])
    assert refusal(file) == [
        f"line {line_of(file, 'signatories')}: “signatories” should hold at least one organisation."
    ]


def test_a_huge_file_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    file.write_bytes(b" " * (located.MOST_BYTES + 1))
    assert refusal(file) == ["The file is larger than 5 MB."]
    with pytest.raises(CommandError, match=r"nowhere\.json can't be read: No such file or directory\."):
        import_letter(tmp_path / "nowhere.json")
    with pytest.raises(CommandError, match="can't be read: Is a directory"):
        import_letter(tmp_path)


def test_everything_wrong_is_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = (
        SHORT.read_text().replace('"position": 12', '"position": "12"').replace('"language": "en"', '"language": "x"')
    )
    file = tmp_path / "broken.json"
    file.write_text(text.replace('"position": 3}', '"position": 1}'))
    told = [re.match(r"line (\d+): ", sentence) for sentence in refusal(file)]
    lines = [line_of(SHORT, part) for part in ('"language"', '"position": 3}', '"position": 12')]
    assert [int(match[1]) for match in told if match] == lines


def test_a_failure_half_way_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    approve = endorsing.approve

    def approve_but_the_fifth(endorsement: Endorsement, **said: Any) -> Endorsement:
        if endorsement.order == 5:
            raise endorsing.NotAllowed("Not this one.")
        return approve(endorsement, **said)

    monkeypatch.setattr(endorsing, "approve", approve_but_the_fifth)
    assert refusal(SHORT) == ["Not this one."]


# The samples


@pytest.mark.slow
def test_the_samples_load_once(client: Client) -> None:
    told = call("load_samples")
    letter = Letter.objects.get(slug="river-data")
    now = timezone.now()
    assert told[0].endswith(": 67 organisations")
    assert len(told) == Letter.objects.count() == 8
    assert letter.is_open(now)
    assert timedelta(days=17) < letter.closes_at - now < timedelta(days=19)  # type: ignore[operator]
    assert letter.closes_at.strftime("%H:%M") == "23:59"  # type: ignore[union-attr]
    assert list(letter.texts) == ["en", "ar", "fr"]
    assert counting.count(letter, now).organisations == 64
    assert letter.endorsements.filter(tier="convener").count() == 3
    mawingu = Organisation.objects.public(now).get(names__text="Mawingu Water Forum")
    assert not mawingu.endorsements.exists()
    assert not mawingu.domains.exclude(verified_at=None).exists()
    for language, title in (("en", "Keep river data public"), ("fr", "Les données des fleuves"), ("ar", "بيانات")):
        assert title in client.get(f"/{language}/letters/river-data/").content.decode()
    before = every_row()
    assert {sentence.rpartition(": ")[2] for sentence in call("load_samples")} == {"nothing to do"}
    assert every_row() == before


# Helpers


def import_letter(file: Path, *options: str) -> list[str]:
    return call("import_letter", str(file), *options)


def call(*command: str) -> list[str]:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue().splitlines()


def imported(file: Path) -> Letter:
    return Letter.objects.get(slug=slug_in(import_letter(file)))


def slug_in(told: list[str]) -> str:
    match = re.search(r"”, as ([-\w]+), reference ", told[0])
    assert match, told[0]
    return match[1]


def refusal(file: Path) -> list[str]:
    """The sentences with which it is refused, nothing having changed."""
    before = every_row()
    with pytest.raises(CommandError) as refused:
        import_letter(file)
    assert every_row() == before
    assert refused.value.returncode == 1
    first, *sentences = str(refused.value).splitlines()
    assert first == f"Nothing was imported from {file}."
    return sentences


def every_row() -> dict[str, Any]:
    """How many rows each table has, and at which revision each letter is."""
    counts: dict[str, Any] = {model._meta.label: model._default_manager.count() for model in apps.get_models()}
    counts["revisions"] = dict(Letter.objects.values_list("slug", "revision"))
    return counts


def entry(position: int, name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "organisation", "position": position, **more}


def entries(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text())["signatories"]  # type: ignore[no-any-return]


def a_file(folder: Path, **changes: Any) -> Path:
    return written(folder, json.loads(SHORT.read_text()) | changes)


def written(folder: Path, content: dict[str, Any]) -> Path:
    """One line for each key and each signatory, as in our files."""
    listed = content.get("signatories")
    fields = {key: json.dumps(value, ensure_ascii=False) for key, value in content.items()}
    if isinstance(listed, list | tuple):
        fields["signatories"] = "[\n" + ",\n".join(json.dumps(one, ensure_ascii=False) for one in listed) + "\n]"
    file = folder / "letter.json"
    file.write_text("{" + ",\n".join(f'"{key}": {value}' for key, value in fields.items()) + "}")
    return file


def edited(folder: Path, old: str, new: str) -> Path:
    text = SHORT.read_text()
    assert old in text
    file = folder / "edited.json"
    file.write_text(text.replace(old, new, 1), newline="")
    return file


def line_of(file: Path, part: str) -> int:
    return file.read_text().partition(part)[0].count("\n") + 1


def distinct_organisations(file: Path) -> int:
    return len({(plain(one["name"]), one["country"]) for one in entries(file)})


def plain(name: str) -> str:
    """When two names are the same, said without our own matching: letters and figures in lower case, no accents."""
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(re.sub(r"[\W_]", " ", "".join(one for one in letters if not "\u0300" <= one <= "\u036f")).split())


def counts_of_the_list(client: Client) -> dict[str, int]:
    """Slug → number, as the page of all letters says."""
    page = client.get("/en/").content.decode()
    return {
        slug: int(number.replace(",", ""))
        for slug, number in re.findall(r'/letters/([-\w]+)/">.*?([\d,]+) organisations', page, re.DOTALL)
    }


def test_one_batch_of_steps_stands_in_no_other() -> None:
    letter = a_letter()
    with together(letter), pytest.raises(RuntimeError, match="can't stand in another"), together(letter):
        pass
