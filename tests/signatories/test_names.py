"""When two names are the same, where one stands in a list, which acronym it prints."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyuca import Collator

from coalition.text import clean_line
from signatories.names import SORT_KEY_BYTES, acronym_of, normalise, sort_key

COLLATOR = Collator()

NAMES = [
    "Amnesty International",
    "FIDH – International Federation for Human Rights",
    "Movimento de Mulheres Camponesas – MMC",
    "Associação de Preservação do Meio Ambiente e da Vida – (APREMAVI – SC)",
    "Frënn vun der Ënn A.S.B.L.",
    "D64 - Zentrum für Digitalen Fortschritt e. V.",
    "Spoločnosť pre otvorené informačné technológie",
    "Wikimedia Česká Republika",
    "L’Association démocratique des Tunisiens en France (ADTF)",
    "St P&P's Seal Eco Church",
    "国際環境NGO FoE Japan（エフ・オー・イー・ジャパン）",
    "公益財団法人世界自然保護基金（ＷＷＦ）ジャパン",
    "(社)ヘッサル(陽光)社会福祉会",
    "藏人行政中央",
    "བོད་མིའི་སྒྲིག་འཛུགས།",
    "دۇنيا ئۇيغۇر قۇرۇلتىيى",
    "المركز المصري للحقوق الاقتصادية والاجتماعية",
    "Ингушская Автономная некоммерческая правозащитная организация «Машр»",
    "मानवाधिकार संगठन",
    "인권운동사랑방",
    "+972 Magazine",
    ">make Utopia_",
]


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Loaded beforehand, so that no single test pays for it."""
    sort_key("")


@pytest.mark.parametrize(
    "printed",
    [
        ("Movimento de Mulheres Camponesas – MMC", "Movimento de mulheres camponesas – MMC"),
        ("Articulação dos Povos Indígenas do Brasil, APIB", "Articulação dos Povos Indígenas do Brasil - APIB"),
        ("Conselho de Segurança Alimentar – CONSEA JD", "Conselho de Segurança Alimentar - CONSEA-JD"),
        ("EXCUBITUS Derechos Humanos en Educacion", "EXCUBITUS Derechos Humanos en Educación"),
        ("D3 - Defesa dos Direitos Digitais", "D3-Defesa dos Direitos Digitais"),
        ("Commons Institut", "Commons-Institut"),
        ("Digitalcourage", "digitalcourage"),
        ("Australian Uyghur Tangritagh Women’s Association", "Australian Uyghur Tangritagh Women's Association"),
        ("公益財団法人世界自然保護基金（ＷＷＦ）ジャパン", "世界自然保護基金(WWF)ジャパン"),
        ("Międzynarodowe Łódź", "MIEDZYNARODOWE LODZ"),
        ("Παρατηρητήριο Ελευθερίας", "ΠΑΡΑΤΗΡΗΤΗΡΙΟ ΕΛΕΥΘΕΡΙΑΣ"),
        ("Ёж", "ЕЖ"),
        ("བོད་མི་", "བོད་མི"),
        ("می‌شود", "میشود"),
    ],
)
def test_spellings_of_one_name_are_equal(printed: tuple[str, str]) -> None:
    assert normalise(printed[0]) == normalise(printed[1])


@pytest.mark.parametrize(
    ("printed", "bare"),
    [
        ("Computertruhe e. V.", "Computertruhe"),
        ("KDE e.V.", "KDE"),
        ("Neutrinet asbl", "Neutrinet"),
        ("Frënn vun der Ënn A.S.B.L.", "Frënn vun der Ënn"),
        ("Haiku Inc", "Haiku"),
        ("ProPolitik LLC", "ProPolitik"),
        ("Environment Kirklees Ltd.", "Environment Kirklees"),
        ("Solar Sisters C.I.C", "Solar Sisters"),
        ("Fundar, A.C.", "Fundar"),
        ("Correctiv gGmbH", "Correctiv"),
        ("ONG Amaranta", "Amaranta"),
        ("NPO法人ラムサール・ネットワーク日本", "ラムサール・ネットワーク日本"),
        ("公益財団法人日本自然保護協会", "（財）日本自然保護協会"),
        ("㈳労働希望発電所", "労働希望発電所"),
        ("財團法人台灣人權促進會", "台灣人權促進會"),
        ("Example Pty. Ltd.", "Example"),
    ],
)
def test_legal_forms_do_not_count(printed: str, bare: str) -> None:
    assert normalise(printed) == normalise(bare)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Digitale Gesellschaft", "Digitale Gesellschaft CH"),
        ("Digital Rights Foundation", "Digital Rights Watch"),
        ("Wikimedia Portugal", "Wikimedia Polska"),
        ("Movimento dos Pequenos Agricultores - MPA", "Movimento dos Pescadores e Pescadoras - MPP"),
        (
            "Sindicato dos Trabalhadores Rurais de Simonésia - MG",
            "Sindicato dos Trabalhadores Rurais de Porteirinha - MG",
        ),
        ("Articulação no Semiárido Brasileiro - ASA", "Articulação no Semiárido Paraibano – ASA Paraíba"),
        ("京畿進歩連帯", "蔚山進歩連帯"),
        ("El Massar", "Massaryoune Litashihe El Massar"),
        ("Wheldrake Women's Institute", "Wheldrake Womens Institute"),
        ("AFL-CIO", "AFL"),
        ("बिहार", "बहार"),
        ("བོད་", "བད་"),
        ("かき", "がき"),
    ],
)
def test_different_organisations_stay_different(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@pytest.mark.parametrize(
    ("printed", "left"),
    [
        ("e.V.", "e v"),
        ("ONG", "ong"),
        ("NPO法人", "npo法人"),
        ("Inc. Ltd.", "inc"),
        (">_<", ">_<"),
        ("…", "..."),
        ("", ""),
    ],
)
def test_something_always_remains_of_a_name(printed: str, left: str) -> None:
    assert normalise(printed) == left


@given(st.text() | st.sampled_from(NAMES))
@pytest.mark.slow
def test_normalising_twice_changes_nothing(name: str) -> None:
    once = normalise(name)
    assert normalise(once) == once
    assert once or not clean_line(name)


@given(st.text() | st.sampled_from(NAMES), st.data())
@pytest.mark.slow
def test_case_and_dashes_do_not_count(name: str, data: st.DataObject) -> None:
    dash = data.draw(st.sampled_from("-‐‑–—―"))
    assert normalise(name.upper()) == normalise(name)
    assert normalise(f"x{dash}y {dash} {name}") == normalise(f"x-y, {name}")


@given(st.sampled_from(NAMES[:9]), st.sampled_from("\u0301\u0308\u0327\u0323\u0304"))
@pytest.mark.slow
def test_accents_do_not_count(name: str, accent: str) -> None:
    marked = "".join(letter + accent if letter.isalpha() else letter for letter in name)
    assert normalise(marked) == normalise(name)


def test_lists_are_in_the_order_readers_expect() -> None:
    in_order = [
        "ActionAid Brasil",
        "Les Amis de la Terre",
        "Amnesty International",
        "Articulação no Semiárido Brasileiro - ASA",
        "L’Association des Tunisiens en France (ATF)",
        "Le Collectif 3C",
        "The Document Foundation",
        "Élan vital",
        "Espacio Público",
        "Al-Haq",
        "El Massar",
        "Das Netzwerk",
        "Žižek",
        "Zürich hilft",
        "Гражданский контроль",
        "«Мемориал»",
        "Хельсинкская группа",
        "المركز المصري للحقوق الاقتصادية والاجتماعية",
        "مركز النديم للعلاج والتأهيل النفسي",
        "グリーンピース・ジャパン",
        "藏人行政中央",
    ]
    mixed = [*in_order[1::2], *in_order[::2]]
    assert sorted(mixed, key=sort_key) == in_order


@pytest.mark.parametrize(
    ("name", "filed_as"),
    [
        ("The Tor Project", "Tor Project"),
        ("La Quadrature du Net", "Quadrature du Net"),
        ("A Rocha", "Rocha"),
        ("O Movimento", "Movimento"),
        ("THE RAMSGATE SOCIETY", "RAMSGATE SOCIETY"),
        ("An Taisce", "Taisce"),
        ("Al‑Haq", "Haq"),
        ("التحالف الوطني", "تحالف الوطني"),
        ("„Die Linke“", "Linke“"),
    ],
)
def test_a_leading_article_does_not_count(name: str, filed_as: str) -> None:
    assert sort_key(name) == sort_key(filed_as)


@pytest.mark.parametrize(
    "name",
    [
        "The",
        "La",
        "As You Sow",
        "Los Angeles Black Worker Center",
        "LA Voice",
        "AS-PTA",
        "Lawyers",
        "Alternatives",
        "الله",
    ],
)
def test_what_is_no_article_counts(name: str) -> None:
    assert sort_key(name)[:2] == sort_key(name[0])[:2]


@given(st.lists(st.text("abcdeéÉçß -–'жЖعم藏ཀかが", min_size=1, max_size=30), min_size=2, max_size=6))
@pytest.mark.slow
def test_names_sort_as_the_collation_algorithm_does(names: list[str]) -> None:
    plain = [f"x{name}" for name in names]
    assert sorted(plain, key=sort_key) == sorted(plain, key=COLLATOR.sort_key)


@given(st.text())
@pytest.mark.slow
def test_a_sort_key_fits_its_column(name: str) -> None:
    assert len(sort_key(name * 50)) <= SORT_KEY_BYTES


def test_threads_share_one_table() -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(sort_key, NAMES * 20))
    assert keys == [sort_key(name) for name in NAMES] * 20


@pytest.mark.parametrize(
    ("name", "acronym"),
    [
        ("Articulação dos Povos Indígenas do Brasil – APIB", "APIB"),
        ("Conselho Municipal de Desenvolvimento Rural de Jundiaí -CMDR", "CMDR"),
        ("Entidade Nacional de Estudantes de Biologia - ENEBio", "ENEBio"),
        ("Sindicato dos trabalhadores em água - SINTAEMA/SP", "SINTAEMA/SP"),
        ("Unrepresented Nations and Peoples Organization (UNPO)", "UNPO"),
        ("KOREA FEDERATION FOR ENVIRONMENTAL MOVEMENTS(KFEM)", "KFEM"),
        ("Asian Forum for Human Rights and Development (FORUM-ASIA)", "FORUM-ASIA"),
        ("Associação de Preservação do Meio Ambiente e da Vida – (APREMAVI – SC)", "APREMAVI"),
        ("Movimento Artístico, Cultural e Ambiental de Caeté - MACACA (Caeté/MG)", "MACACA"),
        ("沖縄のための日米市民ネットワーク（JUCON）", "JUCON"),
        ("FIDH – International Federation for Human Rights", "FIDH"),
        ("ANDI — Comunicação e Direitos", "ANDI"),
        ("D64 - Zentrum für Digitalen Fortschritt e. V.", "D64"),
        ("Coordenação das Organizações Indígenas da Amazônia Brasileira, COIAB", "COIAB"),
        ("Rede Nacional de Pessoas Vivendo com HIV e AIDS, RNP+BRASIL", "RNP+BRASIL"),
        ("Amnesty International (AI)", "AI"),
        ("Правозащитный центр (ПЦ)", "ПЦ"),
    ],
)
def test_an_acronym_beside_the_name_is_found(name: str, acronym: str) -> None:
    assert acronym_of(name) == acronym


@pytest.mark.parametrize(
    "name",
    [
        "Amnesty International",
        "Cáritas Diocesana de Sobral – CE",
        "SOS Serra da Piedade (MG)",
        "Arizona Kachin Community, AZ",
        "Albany Karen Community, Albany NY",
        "Acceso Libre (Venezuela)",
        "American Baptist Churches (USA)",
        "Digitale Gesellschaft (CH)",
        "Riposte Internationale – Algérie",
        "Mothers Climate Action Network, Leigh-on-Sea",
        "Articulação no Semiárido Paraibano – ASA Paraíba",
        "AS-PTA Agricultura Familiar e Agroecologia",
        "WOMEN FOR PEACE, NAIROBI",
        "Koru Consulting (Ltd)",
        "(社)キョレハナ(民族はひとつ)",
        "",
        "(",
    ],
)
def test_what_is_no_acronym_is_not_taken_for_one(name: str) -> None:
    assert acronym_of(name) == ""


@given(st.text() | st.text("AbÉ1 -–(),（）."))
@pytest.mark.slow
def test_an_acronym_is_one_short_word(name: str) -> None:
    acronym = acronym_of(name)
    assert len(acronym) <= 16
    assert len(acronym.split()) <= 1
