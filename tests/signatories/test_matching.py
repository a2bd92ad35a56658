"""Finding an organisation by what somebody types."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from signatories import matching
from signatories.matching import Level, Wanted
from signatories.models import Organisation, OrganisationName
from tests.bench.register import fill
from tests.factories import an_organisation

pytestmark = pytest.mark.django_db

JUDGED = Path(__file__).parents[1] / "data"


def found(text: str) -> list[str]:
    return [organisation.name for organisation in matching.find(text, timezone.now())]


@pytest.fixture(autouse=True)
def _register():
    for name in (
        "Mawingu Water Forum", "Mawingu Waterworks Union", "Agua Clara para Todas", "Žižek Society", "藏人行政中央",
        "བོད་མིའི་སྒྲིག་འཛུགས།", "جمعية أصدقاء النهر", "Друзья верховий",
    ):  # fmt: skip
        an_organisation(name, is_listed=True)
    an_organisation(
        "Unrepresented Nations and Peoples Organization",
        acronym="UNPO",
        website="https://unpo.example.org",
        is_listed=True,
    )


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Mawingu Water Forum", "Mawingu Water Forum"),
        ("mawingu", "Mawingu Water Forum"),
        ("Mavingu water forum", "Mawingu Water Forum"),
        ("zizek", "Žižek Society"),
        ("行政中央", "藏人行政中央"),
        ("藏人行政", "藏人行政中央"),
        ("བོད་མིའི་སྒྲིག", "བོད་མིའི་སྒྲིག་འཛུགས།"),
        ("أصدقاء النهر", "جمعية أصدقاء النهر"),
        ("друзья верховии", "Друзья верховий"),
        ("unpo", "Unrepresented Nations and Peoples Organization"),
        ("www.unpo.example.org", "Unrepresented Nations and Peoples Organization"),
        ("https://unpo.example.org/about", "Unrepresented Nations and Peoples Organization"),
    ],
)
def test_it_is_found_by_name_part_slip_acronym_and_website_in_any_script(typed, meant):
    assert found(typed)[0] == meant


def test_what_has_nothing_to_do_with_it_is_not_offered():
    assert set(found("mawingu")) == {"Mawingu Water Forum", "Mawingu Waterworks Union"}
    assert found("Totally Different Body") == []
    assert found("…") == []


def test_same_means_one_name_and_one_country():
    known = matching.same("MAWINGU  water – forum", "KE")
    assert known is not None
    assert known.name == "Mawingu Water Forum"
    assert matching.same("Mawingu Water Forum", "TZ") is None
    an_organisation("Mawingu Water Forum", country="KE")
    assert matching.same("Mawingu Water Forum", "KE") == known
    assert matching.same("UNPO", "KE") is None


def test_many_are_asked_for_at_once_and_answered_as_one_by_one(django_assert_num_queries):
    wanted = [
        *(Wanted("mawingu"), Wanted("Mavingu water forum", country="KE"), Wanted("…"), Wanted("mawingu")),
        *(Wanted("Another Name", website="https://unpo.example.org"), Wanted("藏人行政", email_domain="gmail.com")),
    ]
    with django_assert_num_queries(8):
        together = matching.candidates_of_each(wanted)
    one_by_one = [
        matching.candidates(one.name, country=one.country, website=one.website, email_domain=one.email_domain)
        for one in wanted
    ]
    assert together == one_by_one
    assert [len(found) > 0 for found in together] == [True, True, False, True, True, True]
    assert together[3][0].organisation.score == together[3][0].score


def level_of(name: str, registered: str, **known: str) -> Level | None:
    wanted = an_organisation(registered, country=known.pop("home", ""))
    found = {c.organisation: c for c in matching.candidates(name, **known)}
    return found[wanted].level if wanted in found else None


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("Réseau Euro-Maghreb Citoyenneté et Culture (REMCC)", "REMCC – Réseau Euro-Maghreb citoyenneté & culture"),
        ("Kivulini Womans Rights Organisation", "Kivulini Women's Rights Organization"),
        ("FIDH", "FIDH – International Federation for Human Rights"),
        (
            "Fédération internationale pour les droits humains (FIDH)",
            "FIDH – International Federation for Human Rights",
        ),
        ("Wikimedia Deutschland", "Wikimedia Germany"),
        ("Digitale Gesellschaft Schweiz", "Digitale Gesellschaft (CH)"),
        ("The Mawingu River Fund, Inc.", "Mawingu River Fund"),
        ("RedesLivres do Sertão", "Redes Livres do Sertão"),
        ("Unrepresented Peoples Organisation (UNPO)", "Unrepresented Peoples Organization"),
        ("Idec - Instituto de Defesa do Consumidor", "Instituto de Defesa do Consumidor (IDEC)"),
        ("CIVICUS", "Civicus: World Alliance for Citizen Participation"),
        ("Gesellschaft fuer bedrohte Voelker", "Gesellschaft für bedrohte Völker e.V."),
        ("世界自然保護基金ジャパン (WWF)", "WWFジャパン"),
        ("國際環境NGO 綠色地球聯盟", "綠色地球聯盟"),
        ("绿色地球联盟", "綠色地球聯盟"),
        ("الجمعية التونسية لأصدقاء النهر", "جمعية التونسية لاصدقاء النهر"),
        ("Nahr Essalam – جمعية نهر السلام", "Nahr Essalam"),
        ("CRLDHT", "Comité pour le Respect des Libertés et des Droits de l’Homme en Tunisie (CRLDHT)"),
        ("Forum-Asia", "Asian Forum for Human Rights and Development (FORUM-ASIA)"),
        ("Asociación Civil Ríos Claros", "Asociación Ríos Claros"),
        ("Coalition for Clean Rievrs in Zubatha", "Coalition for Clean Rivers in Zubatha"),
        ("ミズノモリトワフォーラム", "ミズノモリトカワフォーラム"),
    ],
)
def test_one_body_printed_in_two_ways_is_probably_the_same(name, registered):
    assert level_of(name, registered) == Level.PROBABLE


@pytest.mark.parametrize(
    ("name", "registered"),
    [
        ("Amnesty International Kenya", "Amnesty International Ghana"),
        ("Amnesty International", "Amnesty International Ghana"),
        ("Greenpeace", "Greenpeace Brasil"),
        ("Fórum Popular das Águas de São Paulo", "Fórum Popular das Águas do Rio de Janeiro"),
        ("Fórum Popular das Águas – SP", "Fórum Popular das Águas – RJ"),
        ("Mawingu Youth Union", "Mawingu Union"),
        ("Amnistía Internacional, Sección Chilena", "Amnistía Internacional"),
        ("Federation of Mawingu River Unions", "Mawingu River Union"),
        ("Digital Rights Foundation", "Derechos Digitales"),
        ("Association des Marocains en France (AMF)", "Association des travailleurs maghrébins de France (ATMF)"),
        ("京畿進歩連帯", "蔚山進歩連帯"),
        ("KDE e.V.", "FOSSGIS e.V."),
        ("Green Foundation", "Blue Foundation"),
        ("Escuela Rural 12 de Zubatha", "Escuela Rural 13 de Zubatha"),
        ("民生書院反極權關注組", "民生書院反送中關注組"),
        ("Global Mawingu", "Mawingu"),
        ("North Mawingu Forum", "South Mawingu Forum"),
        ("UNIMAWI", "União das Cooperativas de Zubatha – UNIMAWI/MG"),
        ("MST", "Movimento dos Trabalhadores Rurais Sem Terra – MST"),
    ],
)
def test_chapters_sections_places_and_neighbours_are_not_probably_the_same(name, registered):
    assert level_of(name, registered) in {Level.POSSIBLE, Level.DIFFERENT, None}


def test_one_name_in_two_countries_is_never_probably_the_same_by_name_alone():
    wanted = an_organisation("Shared Rivers Alliance", country="KE")
    (found,) = matching.candidates("Shared Rivers Alliance", country="UG", most=1)
    assert (found.organisation, found.level) == (wanted, Level.POSSIBLE)
    assert found.reasons == ("name 1.00", "same name", "in another country")
    (found,) = matching.candidates("Shared Rivers Alliance", country="KE", most=1)
    assert (found.level, found.reasons[-1]) == (Level.PROBABLE, "same country")
    (found,) = matching.candidates("Shared Rivers Alliance", most=1)
    assert found.level == Level.PROBABLE


def test_a_place_in_the_name_is_no_difference_where_the_country_is_known():
    assert level_of("Acceso Claro (Venezuela)", "Acceso Claro", home="VE") == Level.PROBABLE
    assert level_of("Agua Nuestra (Venezuela)", "Agua Nuestra", home="PE") == Level.DIFFERENT


def test_its_domain_speaks_for_it_and_a_mail_provider_does_not():
    wanted = an_organisation("Umoja wa Maji", country="KE", website="https://maji.example")
    (found,) = matching.candidates("Water Union", country="KE", website="http://www.maji.example/en", most=1)
    assert (found.organisation, found.level) == (wanted, Level.POSSIBLE)
    assert "same domain" in found.reasons
    (found,) = matching.candidates("Water Union", country="KE", email_domain="maji.example", most=1)
    assert found.organisation == wanted
    an_organisation("Mail House", website="https://gmail.com")
    assert not matching.candidates("Some Other Body", email_domain="gmail.com")


def test_a_short_acronym_alone_is_not_enough_as_many_bodies_share_one():
    wanted = an_organisation("Mawingu Rights Network", acronym="MRN")
    (found,) = matching.candidates("MRN", most=1)
    assert (found.organisation, found.level) == (wanted, Level.POSSIBLE)
    assert found.reasons == ("name 0.75", "same acronym")
    (found,) = matching.candidates("MRN – Mawingu Rights Net", most=1)
    assert (found.organisation, found.level) == (wanted, Level.PROBABLE)


def test_a_merged_organisation_is_not_offered():
    old, new = an_organisation("Amani River Trust"), an_organisation("Amani Trust for Rivers")
    Organisation.objects.filter(pk=old.pk).update(standing="merged", merged_into=new)
    assert old not in [candidate.organisation for candidate in matching.candidates("Amani River Trust")]


@pytest.mark.parametrize("names", ["same-or-different.json", "more-same-or-different.json"])
def test_on_names_that_people_have_judged(names):
    out = StringIO()
    before = Organisation.objects.count()
    call_command("judge_matching", str(JUDGED / names), stdout=out)
    rates = json.loads(out.getvalue().splitlines()[-1])
    assert rates["within_script_recall"] >= 0.98
    assert rates["probable_recall"] >= 0.85
    assert rates["confusable_rate"] <= 0.03
    assert "cross_script_recall" in rates
    assert Organisation.objects.count() == before


def test_a_file_that_cannot_be_judged_is_said(tmp_path):
    file = tmp_path / "names.json"
    file.write_text("[]")
    with pytest.raises(CommandError, match="can't be read"):
        call_command("judge_matching", str(file))


@pytest.mark.slow
def test_every_question_to_the_names_is_answered_by_an_index():
    fill(4000)
    with CaptureQueriesContext(connection) as queries:
        for text in ("rede pour climat xdbdona", "associaton of watr", "un", "wwf", "verein", "x" * 300):
            matching.find(text, timezone.now())
    asked = [
        query["sql"] for query in queries if "string_to_array" in query["sql"] or "signatories_word" in query["sql"]
    ]
    assert len(asked) > 6
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Seq Scan" not in plan
        assert "name_by_" in plan or "word_by_" in plan


@pytest.mark.slow
def test_many_names_are_looked_for_by_equality_not_by_trigrams():
    fill(4000)
    wanted = list(OrganisationName.objects.values_list("normalised", flat=True)[:500])
    found = OrganisationName.objects.spelt(wanted)
    assert set(found.values_list("normalised", flat=True)) == set(wanted)
    plan = found.explain()
    assert "name_by_equality" in plan
    assert "name_by_trigram" not in plan


def test_the_number_of_queries_does_not_depend_on_what_is_found():
    with CaptureQueriesContext(connection) as few:
        matching.candidates("Mawingu Water Forum")
    for number in range(20):
        an_organisation(f"Mawingu Water Forum {number}")
    with CaptureQueriesContext(connection) as many:
        matching.candidates("Mawingu Water Forum")
    assert len(many) == len(few)
