"""The documents of a letter: every name in every script, tagged and editable, and never one that was hidden since."""

from __future__ import annotations

import io
import itertools
import os
import pickle
import re
import subprocess
import sys
import time
import unicodedata
from dataclasses import replace
from pathlib import Path

import docx
import pypdf
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from docx.oxml.ns import qn

from coalition import fonts
from letters import endorsing, lifecycle, tasks
from letters.documents import Sheet, blocks, make, rendering, txt
from letters.documents.content import Line, words_language
from letters.models import Delivery, DeliveryLine, Document, Endorsement, Letter
from signatories.models import Organisation
from tests.factories import NOON, a_letter, an_endorsement, an_organisation

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Nine words of which names are made, and the country they are said to come from.
SCRIPTS = {
    "latin": ("KE", "Mawingu Água Žižek Réseau Đại Nước Offices Wasser affligé"),
    "tibetan": ("IN", "བོད་མི་ མང་གི་ སྤྱི་མཐུན་ ཚོགས་པ། ཆུ་བོའི་ རང་དབང་ འགྲོ་བ་མིའི་ ཐོབ་ཐང་ གཞོན་ནུའི་"),
    "uyghur": ("US", "دۇنيا ئۇيغۇر قۇرۇلتىيى كىشىلىك ھوقۇق جەمئىيىتى ياشلار ئاياللار مەدەنىيە"),
    "arabic": ("EG", "منظمة المياه للجميع مركز حقوق الإنسان شبكة الله أنهاره"),
    "traditional": ("TW", "臺灣 人權 促進會 藏人 行政 環境 權益 協會 聯盟"),
    "simplified": ("CN", "国际 联盟 环境 权利 观察 农民 中心 网络 妇女"),
    "cyrillic": ("RU", "Мемориал Центр Права Реки Общество Вода Союз Байкал Фонд"),
    "hindi": ("IN", "भारत तिब्बत मैत्री हिन्दी शक्ति कार्य अधिकार मंच समिति"),
    "georgian": ("GE", "საქართველოს კავშირი წყალი უფლება მდინარე ცენტრი ქსელი ფონდი ქალები"),
    "hebrew": ("IL", "ארגון זכויות האדם מים לכולם שלום עמותת הנהר רשת"),
    "urdu": ("PK", "انجمن برائے انسانی حقوق پانی تحفظ نیٹ ورک عوام"),
    "japanese": ("JP", "チベット 支援 ネットワーク 河川 の権利 ガバナンス を守る会 パートナー 東京"),
    "korean": ("KR", "티베트 연대 모임 하천 권리 시민 사회 네트워크 값없는"),
    "greek": ("GR", "Δίκτυο Ύδατος Δικαιωμάτων Ελλάδα Ποταμών Ένωση ἀρχή Νερό Γη"),
    "nepali": ("NP", "नेपाल तिब्बती शरणार्थी कल्याण समाज राष्ट्रिय मञ्च स्त्री श्रृंखला"),
    "bengali": ("BD", "বাংলাদেশ নদী অধিকার কেন্দ্র মানবাধিকার সংগঠন স্বাধীন কৌশল ক্ষোভ"),
    "tamil": ("LK", "தமிழ்நாடு நதி உரிமைகள் அமைப்பு மனித கொள்கை சௌந்தர் போராட்டம் ஸ்ரீ"),
    "telugu": ("IN", "తెలుగు నదుల హక్కుల సంఘం మానవ స్త్రీల వేదిక కృష్ణా మైత్రి"),
    "kannada": ("IN", "ಕರ್ನಾಟಕ ನದಿ ಹಕ್ಕುಗಳ ವೇದಿಕೆ ಮಾನವ ಸ್ತ್ರೀ ಕೊಳ್ಳೇಗಾಲ ಮೈತ್ರಿ ನೀರು"),
    "malayalam": ("IN", "കേരള നദി അവകാശ സംഘടന മനുഷ്യാവകാശ സ്ത്രീകൾ കൊച്ചി ശാസ്ത്രം ക്രൈസ്തവ"),
    "sinhala": ("LK", "ශ්\u200dරී ලංකා ගංගා අයිතිවාසිකම් සංවිධානය මානව කේන්ද්\u200dරය ක්\u200dරෝධ කොළඹ"),
    "gujarati": ("IN", "ગુજરાત નદી અધિકાર સંસ્થા માનવ સ્ત્રી કેન્દ્ર શક્તિ મૈત્રી"),
    "punjabi": ("IN", "ਪੰਜਾਬ ਦਰਿਆ ਅਧਿਕਾਰ ਸੰਸਥਾ ਮਨੁੱਖੀ ਇਸਤਰੀ ਸਿੱਖ ਪ੍ਰੀਤ ਪਾਣੀ"),
    "odia": ("IN", "ଓଡ଼ିଶା ନଦୀ ଅଧିକାର ସଂଗଠନ ମାନବ କ୍ଷେତ୍ର ଶକ୍ତି ମୈତ୍ରୀ ପାଣି"),
    "thai": ("TH", "เครือข่าย สิทธิมนุษยชน แม่น้ำ มูลนิธิ เพื่อ ทิเบต น้ำ กำลัง ที่นี่"),
    "lao": ("LA", "ເຄືອຂ່າຍ ສິດທິ ແມ່ນ້ຳ ມູນນິທິ ເພື່ອ ນ້ຳ ຊາວ ລາວ ໂຂງ"),
    "burmese": ("MM", "မြန်မာ လူ့အခွင့်အရေး ကွန်ရက် မြစ်များ ကာကွယ်ရေး ကျောင်းသား ရှမ်း ပြည်သူ့ ဧရာဝတီ"),
    "khmer": ("KH", "បណ្តាញ សិទ្ធិមនុស្ស កម្ពុជា ទន្លេ អង្គការ ស្ត្រី ខ្មែរ ព្រៃឈើ កែវ"),
    "armenian": ("AM", "Հայաստանի գետերի իրավունք կազմակերպություն և ընկերություն ջուր միություն հիմնադրամ"),
    "amharic": ("ET", "የኢትዮጵያ ወንዞች መብት ድርጅት የሰብአዊ መብቶች ማኅበር ውሃ ሴቶች"),
    "mongolian": ("CN", "ᠮᠣᠩᠭᠣᠯ ᠦᠨᠳᠦᠰᠦᠲᠡᠨ ᠦ ᠡᠷᠬᠡ ᠬᠣᠯᠪᠣᠭ ᠤᠰᠤ ᠭᠣᠣᠯ ᠨᠢᠭᠡᠳᠦᠯ ᠪᠠᠶᠢᠭᠠᠯ"),
}
SIGNATORIES = 452


def names() -> list[tuple[str, str]]:
    """Different names with their country, the scripts by turns; those of the first turn are long, and wrap."""
    found = [
        [(" ".join([*words.split(), *words.split()]), country)]
        + [(" ".join(pair), country) for pair in itertools.permutations(words.split(), 2)]
        for country, words in SCRIPTS.values()
    ]
    return list(itertools.islice(itertools.chain.from_iterable(zip(*found, strict=True)), SIGNATORIES))


def a_letter_with_many() -> Letter:
    """Signed by 452 organisations: one as life has it, the others as its copies."""
    letter = a_letter(list_order="signed", withheld_names="not_allowed")
    first = an_endorsement(letter)
    organisations = Organisation.objects.bulk_create(
        Organisation(slug=f"copy-{number}", country=country, standing="verified")
        for number, (_name, country) in enumerate(names())
    )
    fields = {
        name: getattr(first, name)
        for name in ("letter", "version", "language", "status", "visibility", "evidence", "submitted_at")
    }
    fields |= {"confirmed_at": first.confirmed_at, "approved_at": first.approved_at, "sort_key": b"a"}
    Endorsement.objects.bulk_create(
        Endorsement(
            **fields,
            organisation=organisation,
            printed_name=name,
            printed_country=country,
            normalised=name,
            order=place,
        )
        for place, (organisation, (name, country)) in enumerate(zip(organisations, names(), strict=True))
    )
    Endorsement.objects.filter(pk=first.pk).update(order=SIGNATORIES)
    return letter


def a_sheet(letter: Letter | None = None, language: str = "en") -> Sheet:
    letter = letter or a_letter()
    return Sheet.of(letter, letter.texts[language], timezone.now())


def with_names(sheet: Sheet, found: list[tuple[str, str, str]]) -> Sheet:
    lines = [
        Line(number, name, "", country, "signatory", status)
        for number, (name, country, status) in enumerate(found, start=1)
    ]
    return replace(sheet, lines=tuple(lines), organisations=len(lines), named=len(lines))


def folded(text: str) -> str:
    """Without white space; all else as it is."""
    return "".join(unicodedata.normalize("NFC", text).split())


def read_pdf(content: bytes) -> tuple[pypdf.PdfReader, str]:
    reader = pypdf.PdfReader(io.BytesIO(content))
    return reader, "\n".join(page.extract_text() for page in reader.pages)


def copied(content: bytes) -> str:
    """What pdftotext reads, without the signs of direction that it sets itself around writing from the right."""
    text = poppler("pdftotext", content)
    return unicodedata.normalize("NFC", re.sub("[\u202a-\u202e]", "", text))


def poppler(tool: str, content: bytes, *options: str) -> str:
    done = subprocess.run(
        [tool, *options, *(["-", "-"] if tool == "pdftotext" else ["-"])],
        input=content,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


def torn(wanted: list[str], text: str) -> list[str]:
    """Names that don't stand in the text behind the one before, letter by letter; only lines may break within."""
    missing, place = [], 0
    lines = re.sub(r"\s*\n\s*", "\n", re.sub(r"[ \f]+", " ", text))
    for name in wanted:
        letters = (
            r"\s" if letter == " " else re.escape(letter) + "\n?" for letter in unicodedata.normalize("NFC", name)
        )
        if found := re.compile("".join(letters)).search(lines, place):
            place = found.end()
        else:
            missing.append(name)
    return missing


def read_docx(content: bytes) -> str:
    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)


def in_order(wanted: list[str], text: str) -> list[str]:
    """Those that do not stand in the text behind the one before."""
    missing, place = [], 0
    for name in wanted:
        found = text.find(name, place)
        if found < 0:
            missing.append(name)
        else:
            place = found + len(name)
    return missing


# What is printed


PRINT = """
import pickle, sys
from pathlib import Path
import django
django.setup()
from letters.documents import make
sheet = pickle.load(open(sys.argv[1], "rb"))
for kind in ("pdf", "docx", "txt"):
    open(f"{sys.argv[1]}.{kind}", "wb").write(make(sheet, kind))
# Of this process alone: getrusage would count what the one that started it held.
print(next(int(line.split()[1]) // 1024 for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
"""


def test_452_names_in_every_script_in_twenty_seconds_and_600_megabytes(tmp_path: Path) -> None:
    sheet = a_sheet(a_letter_with_many())
    assert (sheet.named, len(sheet.lines)) == (SIGNATORIES + 1, SIGNATORIES + 1)
    file = tmp_path / "sheet"
    file.write_bytes(pickle.dumps(sheet))
    began = time.monotonic()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "coalition.settings"}
    done = subprocess.run(
        [sys.executable, "-c", PRINT, str(file)],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert time.monotonic() - began < 20
    assert int(done.stdout) < 600
    assert "copied out" not in done.stderr.decode()
    wanted = [name for name, _country in names()]
    folds = [folded(name) for name in wanted]
    assert in_order(folds, folded(read_docx(Path(f"{file}.docx").read_bytes()))) == []
    assert in_order(folds, folded(Path(f"{file}.txt").read_text())) == []
    content = Path(f"{file}.pdf").read_bytes()
    assert torn(wanted, copied(content)) == []
    assert in_order(folds, folded(read_pdf(content)[1])) == []


def test_a_text_in_several_scripts_is_copied_as_it_was_written() -> None:
    """Among them a letter that ends alike in Arabic and Uyghur, and marks in a line with writing from the right."""
    body = "हिन्दी शक्ति منظمة کتابخانه किताब\n\nབོད་མི་ and किताब in one\n\nمەدەنىيە\n\nالله"
    content = make(replace(a_sheet(a_letter(title="हिन्दी में शीर्षक")), body=body), "pdf")
    wanted = ["हिन्दी में शीर्षक", "हिन्दी शक्ति", "किताब", "བོད་མི་ and किताब in one", "مەدەنىيە", "الله"]
    assert torn(wanted, copied(content)) == []
    assert "བོད་མི་ and किताब in one" in poppler("pdfinfo", content, "-struct-text")
    assert "Tagged:          yes" in poppler("pdfinfo", content)


def test_a_letter_from_right_to_left_holds_names_in_every_script_in_order() -> None:
    letter = a_letter(authoritative_language="ar", title="أبقوا بيانات الأنهار علنية")
    short = [(" ".join(words.split()[1:3]), country, "") for country, words in SCRIPTS.values()]
    content = make(with_names(a_sheet(letter, "ar"), short), "pdf")
    assert torn(["أبقوا بيانات الأنهار علنية", *(name for name, _country, _status in short)], copied(content)) == []


def test_points_and_joiners_of_writing_from_the_right_are_in_the_codes() -> None:
    """Readers that turn it around letter by letter, as pdftotext does, still tear them off."""
    pointed = ["مُحَمَّد", "שָׁלוֹם", "سازمان‌های مردم‌نهاد"]
    organisations = [(name, "IR", "") for name in pointed]
    content = make(with_names(a_sheet(a_letter()), organisations), "pdf")
    assert in_order([folded(name) for name in pointed], folded(read_pdf(content)[1])) == []


def test_a_pdf_is_tagged_and_says_language_and_title() -> None:
    letter = a_letter(authoritative_language="ug", title="دەريا ئۇچۇرلىرى")
    reader, text = read_pdf(make(a_sheet(letter, "ug"), "pdf"))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] == True  # noqa: E712  pypdf has a type of its own for it
    assert root["/Lang"] == "ug"
    assert "/StructTreeRoot" in root
    assert reader.metadata is not None
    assert reader.metadata.title == "دەريا ئۇچۇرلىرى"
    assert b"pdfuaid" in root["/Metadata"].get_data()
    assert "What we ask" in text, "the words of the document in English, where the interface has not the language"
    assert f"1 / {len(reader.pages)}" in text


def test_a_pdf_fetches_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    from weasyprint.urls import URLFetcher

    for address in ("https://example.org/a.png", "file:///etc/passwd", "data:text/plain,x"):
        with pytest.raises(ValueError, match="disallowed"):
            URLFetcher(allowed_protocols=(), allow_redirects=False).fetch(address)
    sheet = replace(a_sheet(), body="![x](file:///etc/passwd) <img src=file:///etc/passwd>", closing="<b>&amp;")
    text = read_pdf(make(sheet, "pdf"))[1]
    assert "root:" not in text
    assert "<b>&amp;" in text


def test_a_docx_can_be_edited_in_its_direction() -> None:
    letter = a_letter(authoritative_language="ar", title="أبقوا بيانات الأنهار علنية")
    organisations = [("منظمة المياه", "EG", ""), ("Water Forum", "KE", ""), ("བོད་མི་", "IN", "")]
    opened = docx.Document(io.BytesIO(make(with_names(a_sheet(letter, "ar"), organisations), "docx")))
    assert (opened.core_properties.title, opened.core_properties.language) == ("أبقوا بيانات الأنهار علنية", "ar")
    paragraphs = opened.paragraphs
    assert all(paragraph._p.pPr.find(qn("w:bidi")) is not None for paragraph in paragraphs if paragraph.text)
    styles = [paragraph.style.name for paragraph in paragraphs if paragraph.style]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") == 2
    by_text = {run.text.strip(): run for paragraph in paragraphs for run in paragraph.runs}
    assert by_text["منظمة المياه"].font.rtl
    assert not by_text["Water Forum"].font.rtl
    assert by_text["བོད་མི་"].font.complex_script
    numbered = [paragraph for paragraph in paragraphs if paragraph._p.pPr.numPr is not None]
    assert len(numbered) == 4, "one demand and three names, in lists of their own"
    assert len({paragraph._p.pPr.numPr.numId.val for paragraph in numbered}) == 2
    footer = opened.sections[0].footer._element.xml
    assert "NUMPAGES" in footer
    assert "PAGE" in footer


@pytest.mark.parametrize("kind", ["pdf", "docx", "txt"])
def test_a_submission_names_those_in_consultative_status_as_the_un_does(kind: str) -> None:
    letter = a_letter(kind="submission")
    organisations = [
        ("Alpha", "KE", "special"), ("Beta", "KE", ""), ("Gamma", "KE", "general"), ("Delta", "KE", "roster"),
        ("Epsilon", "KE", "special"),
    ]  # fmt: skip
    content = make(with_names(a_sheet(letter), organisations), kind)
    text = {"pdf": lambda: read_pdf(content)[1], "docx": lambda: read_docx(content), "txt": content.decode}[kind]()
    shown = " ".join(text.split())
    wanted = [
        "Keep river data public",
        "Joint written statement* submitted by",
        "Gamma, non-governmental organisation in general consultative status",
        "Alpha; Epsilon, non-governmental organisations in special consultative status",
        "Delta, non-governmental organisation on the roster",
        "Respectfully,",
        "* Also supported by: Beta",
    ]
    assert in_order(wanted, shown) == []
    assert "Signatories" not in shown


@pytest.mark.parametrize("kind", ["pdf", "docx", "txt"])
def test_withheld_names_stand_in_the_figures_alone(kind: str) -> None:
    letter = a_letter()
    an_endorsement(letter, an_organisation("Shown", country="KE"))
    an_endorsement(letter, an_organisation("Zzyzx one", country="UG"), visibility="country")
    an_endorsement(letter, an_organisation("Zzyzx two"), visibility="counted")
    an_endorsement(letter, an_organisation("Zzyzx three"), visibility="confidential")
    content = make(a_sheet(letter), kind)
    text = {"pdf": lambda: read_pdf(content)[1], "docx": lambda: read_docx(content), "txt": content.decode}[kind]()
    shown = " ".join(text.split())
    assert "Zzyzx" not in shown
    wanted = ["3 organisations", "Shown", "Kenya", "an organisation in Uganda", "one organisation more, country not"]
    assert in_order(wanted, shown) == []
    assert "As of" in shown


def test_a_delivery_prints_its_frozen_list() -> None:
    letter = a_letter(state="closed")
    early, removed = (an_endorsement(a_letter()) for _number in range(2))
    delivery = Delivery.objects.create(
        letter=letter,
        number=2,
        version=letter.version,
        at=NOON,
        channel="email",
        count=4,
        named=2,
        withheld={"UG": 1, "": 1},
    )
    printed = {"name": "As it was", "acronym": "", "country": "KE", "tier": "signatory", "is_consultative": "special"}
    DeliveryLine.objects.create(delivery=delivery, position=1, endorsement=early, visibility="named", printed=printed)
    DeliveryLine.objects.create(delivery=delivery, position=2, endorsement=removed, visibility="named", printed=None)
    sheet = Sheet.of_delivery(delivery, letter.texts["en"])
    assert sheet.lines == (Line(1, "As it was", "", "KE", "signatory", "special"),)
    text = " ".join(make(sheet, "txt").decode().split())
    wanted = ["4 organisations", "1. As it was, Kenya", "in Uganda", "withheld since the delivery", "Delivery 2"]
    assert in_order(wanted, text) == []


def test_who_signed_after_a_delivery_is_marked() -> None:
    letter = a_letter()
    before = an_endorsement(letter, an_organisation("Before"))
    delivery = Delivery.objects.create(
        letter=letter, number=1, version=letter.version, at=NOON, channel="email", count=1, named=1
    )
    DeliveryLine.objects.create(delivery=delivery, position=1, endorsement=before, visibility="named", printed=None)
    an_endorsement(letter, an_organisation("Late"))
    sheet = a_sheet(letter)
    assert {line.name: line.after_delivery for line in sheet.lines} == {"Before": None, "Late": 1}
    assert "Late, Kenya · signed after delivery 1" in " ".join(make(sheet, "txt").decode().split())


# Plain text and Markdown


def test_plain_text_is_72_columns_wide_and_breaks_no_link() -> None:
    address = "https://example.org/" + "long/" * 20
    body = f"{'請公開河流資料。' * 30}\n\n{'རང་དབང་' * 40}\n\n{'word ' * 60}\n\nSee [this]({address})."
    lines = make(replace(a_sheet(), body=body), "txt").decode().splitlines()
    assert max(txt.width(line) for line in lines if address not in line) <= 72
    assert any(address in line for line in lines)


def test_markdown_becomes_blocks() -> None:
    found = blocks.blocks("# Head\n\nOne **two** *three* [four](https://a.example)\n\n1. a\n   - b\n\n> c\n\n---")
    assert [(block.kind, block.text, block.depth, block.marker, block.is_quoted) for block in found] == [
        ("heading", "Head", 0, "", False),
        ("paragraph", "One two three four (https://a.example)", 0, "", False),
        ("item", "a", 1, "1.", False),
        ("item", "b", 2, "•", False),
        ("paragraph", "c", 0, "", True),
        ("rule", "", 0, "", False),
    ]
    assert [run.text for run in found[1].runs if run.bold] == ["two"]


def test_a_document_speaks_the_language_of_its_text_where_it_can() -> None:
    tags = {"fr": "fr", "pt-BR": "en", "es-MX": "es", "zh": "zh-hans", "zh-Hant": "en", "bo": "en", "ar-EG": "ar"}
    assert {tag: words_language(tag) for tag in tags} == tags


# Made by the worker, handed out by the view


def get(letter: Letter, kind: str = "txt", query: str = "", **headers: str):  # type: ignore[no-untyped-def]
    return Client().get(f"/letters/{letter.slug}/letter.{kind}{query}", headers=headers)


def test_each_language_in_each_format() -> None:
    letter = a_letter(texts={"fr": "Des données publiques"})
    rendering.render(letter.pk)
    assert letter.documents.count() == 6
    for kind, start in {"pdf": b"%PDF-1.7", "docx": b"PK", "txt": b"\xef\xbb\xbf"}.items():
        for language in ("en", "fr"):
            response = get(letter, kind, f"?lang={language}")
            assert response.status_code == 200
            assert response.content.startswith(start)
            disposition = f'attachment; filename="{letter.reference}-{language}.{kind}"'
            assert response["Content-Disposition"] == disposition
            assert response["X-Content-Type-Options"] == "nosniff"
            assert response["Content-Language"] == language
    assert "Des données publiques" in get(letter, query="?lang=fr").content.decode()
    assert "Keep river data public" in get(letter).content.decode(), "the authoritative language"


def test_who_has_it_already_gets_304() -> None:
    letter = a_letter()
    rendering.render(letter.pk)
    first = get(letter)
    assert first["Cache-Control"].startswith("public, max-age=0")
    again = get(letter, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    an_endorsement(letter)
    rendering.render(letter.pk)
    assert get(letter, **{"If-None-Match": first["ETag"]}).status_code == 200


def test_what_is_not_public_or_not_there_is_404() -> None:
    letter, draft = a_letter(), a_letter(state="draft")
    rendering.render(letter.pk)
    rendering.render(draft.pk)
    assert get(letter, query="?lang=xx").status_code == 404
    assert get(letter, "odt").status_code == 404
    assert get(draft).status_code == 404
    assert not draft.documents.exists()
    assert get(letter, query="?lang=xx")["Cache-Control"] == "no-store"
    Letter.objects.filter(pk=letter.pk).update(audience="team")
    assert get(letter).status_code == 404


def test_a_document_older_than_what_was_hidden_is_never_served(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    letter = a_letter()
    hidden = an_endorsement(letter, an_organisation("Zzyzx"))
    rendering.render(letter.pk)
    old = Document.objects.get(letter=letter, format="txt")
    assert "Zzyzx" in get(letter).content.decode()
    etag = get(letter)["ETag"]
    endorsing.remove_for_safety(hidden, by=None)
    for headers in ({}, {"If-None-Match": etag}, {"If-None-Match": "*"}):
        response = get(letter, **headers)
        assert (response.status_code, response["Retry-After"], response["Cache-Control"]) == (503, "10", "no-store")
        assert f'href="/en/letters/{letter.slug}/"' in response.content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        rendering.render(letter.pk)
    assert "Zzyzx" not in get(letter).content.decode()
    assert not default_storage.exists(old.file.name), "the old file is gone"
    new = Document.objects.get(letter=letter, format="txt")
    assert new.pk == old.pk
    assert default_storage.size(new.file.name) == new.size


def test_an_older_one_is_served_while_nothing_was_hidden() -> None:
    letter = a_letter()
    rendering.render(letter.pk)
    an_endorsement(letter, an_organisation("Newcomer"))
    assert "Newcomer" not in get(letter).content.decode()
    rendering.render(letter.pk)
    assert "Newcomer" in get(letter).content.decode()


def test_documents_of_a_letter_taken_down_are_deleted(django_capture_on_commit_callbacks) -> None:  # type: ignore[no-untyped-def]
    letter = a_letter()
    rendering.render(letter.pk)
    name = letter.documents.get(format="txt").file.name
    lifecycle.take_down(letter, by=None, note="For their safety.")
    assert get(letter).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        rendering.render(letter.pk)
    assert not letter.documents.exists()
    assert not default_storage.exists(name)


def test_what_has_no_document_or_lost_its_file_is_taken_up(run_jobs) -> None:  # type: ignore[no-untyped-def]
    letter, draft = a_letter(), a_letter(state="draft")
    run_jobs()
    letter.documents.all().delete()
    tasks.render_what_is_missing.func(timestamp=0)
    run_jobs(documents=True)
    assert letter.documents.count() == 3
    assert not draft.documents.exists()
    default_storage.delete(letter.documents.get(format="txt").file.name)
    assert get(letter).status_code == 503
    rendering.render(letter.pk)
    assert get(letter).status_code == 200


def test_nothing_is_made_twice() -> None:
    letter = a_letter()
    rendering.render(letter.pk)
    before = set(letter.documents.values_list("file", "as_of"))
    rendering.render(letter.pk)
    assert set(letter.documents.values_list("file", "as_of")) == before


def test_without_pango_the_other_formats_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    letter = a_letter()
    rendering.render(letter.pk)
    assert set(letter.documents.values_list("format", flat=True)) == {"docx", "txt"}
    assert get(letter, "pdf").status_code == 503


# The fonts of the machine


def test_missing_fonts_are_named_with_their_package(tmp_path: Path) -> None:
    assert fonts.without_fonts() == {}
    empty = tmp_path / "fonts.conf"
    empty.write_text(f'<?xml version="1.0"?><fontconfig><dir>{tmp_path}</dir></fontconfig>')
    told = subprocess.run(
        [sys.executable, "-c", "from coalition import fonts; print(fonts.without_fonts())"],
        cwd=settings.BASE_DIR, env=os.environ | {"FONTCONFIG_FILE": str(empty)}, capture_output=True, check=True,
    )  # fmt: skip
    assert "'Tibetan': 'fonts-noto-core'" in told.stdout.decode()
    assert "'Chinese': 'fonts-noto-cjk'" in told.stdout.decode()


def test_the_check_of_fonts_stops_nobody() -> None:
    call_command("check", tags=["fonts"], fail_level="WARNING")
