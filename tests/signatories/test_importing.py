"""Lists as they come in: files of every kind that offices write, what is refused, and what a pasted list shows."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
import zlib
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from openpyxl import Workbook

from signatories.importing import Refused, entries, paste, read, read_file
from signatories.importing import sheets as limits
from signatories.importing.decoding import decode
from signatories.importing.headers import recognise

LETTERS = Path(__file__).parent.parent / "data" / "letters"

NAMES = {
    "fr": ["Association démocratique des Tunisiens en France", "Comité pour le respect des libertés, à Paris"],
    "pt": ["Articulação dos Povos Indígenas do Brasil", "Coordenadoria Ecumênica de Serviço; CESE"],
    "es": ["Fundación Peruana de Niñez", "Acción Ecológica | Quito"],
    "de": ["Gesellschaft für bedrohte Völker", "Bürger für Straßen"],
    "no": ["Søsken for åpenhet", "Naturvernforbundet på Østlandet"],
    "cs": ["Český helsinský výbor", "Společnost přátel Tibetu"],
    "pl": ["Helsińska Fundacja Praw Człowieka", "Społeczny Instytut Ekologiczny"],
    "hu": ["Társaság a Szabadságjogokért", "Szülői Hálózat Egyesület őrség"],
    "ru": ["Фонд поддержки демократии", "Комитет против пыток"],
    "uk": ["Українська Гельсінська спілка", "Центр громадянських свобод"],
    "ar": ["نظرة للدراسات النسوية", "الجماعة الوطنية لحقوق الإنسان والقانون"],
    "zh": ["中国人权捍卫者", "绿色和平组织"],
    "zh-tw": ["台灣人權促進會", "民間司法改革基金會"],
    "ja": ["グリーンピース・ジャパン", "公益財団法人日本自然保護協会"],
    "ko": ["참여연대", "민주사회를 위한 변호사모임"],
    "el": ["Ελληνική Ένωση για τα Δικαιώματα", "Δίκτυο Ανοιχτό"],
    "he": ["האגודה לזכויות האזרח", "רופאים לזכויות אדם"],
}
ENCODINGS = [
    *(("fr", e) for e in ("cp1252", "mac-roman", "cp850")),
    *(("pt", e) for e in ("cp1252", "mac-roman", "cp850")),
    *(("es", e) for e in ("cp1252", "latin-1")),
    *(("de", e) for e in ("cp1252", "cp850")),
    ("no", "cp1252"),
    *(("cs", e) for e in ("cp1250",)),
    *(("pl", e) for e in ("cp1250",)),
    *(("hu", e) for e in ("cp1250",)),
    *(("ru", e) for e in ("cp1251", "koi8-r", "cp866")),
    ("uk", "cp1251"),
    ("ar", "cp1256"),
    *(("zh", e) for e in ("gb18030", "gb2312")),
    ("zh-tw", "big5"),
    *(("ja", e) for e in ("cp932", "shift_jis", "euc_jp", "iso2022_jp")),
    ("ko", "cp949"),
    ("el", "cp1253"),
    ("he", "cp1255"),
    *((language, e) for language in NAMES for e in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")),
]


def a_csv(names, separator, *, end="\r\n", head=("Organisation", "Country", "Website")):
    rows = [list(head), *([name, "Kenya", "forum.example"] for name in names)]
    quoted = [[f'"{c}"' if any(s in c for s in ",;|\t\n") else c for c in row] for row in rows]
    return end.join(map(separator.join, quoted)) + end


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"])
@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_every_encoding_and_separator_is_read_right(language, encoding, separator):
    sheet = read(a_csv(NAMES[language], separator).encode(encoding), "list.csv")
    assert [row.cells for row in sheet.rows] == [(name, "Kenya", "forum.example") for name in NAMES[language]]
    assert sheet.columns == {"name": 0, "country": 1, "website": 2}


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("file", sorted(LETTERS.glob("*.json")), ids=lambda file: file.name[:2])
def test_whole_lists_are_decoded_in_every_encoding_that_can_hold_them(file, encoding):
    names = "\n".join(entry["name"] for entry in json.loads(file.read_text())["signatories"])
    is_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in names)
    try:
        data = names.encode(encoding)
    except UnicodeEncodeError:
        return
    if encoding == "gb18030" and not is_chinese:
        return
    if encoding == "gb18030" and any("\u3041" <= letter <= "\u30ff" for letter in names):
        return
    assert decode(data)[0] == names


@pytest.mark.parametrize(
    "text",
    [
        '"Name","Country"\r\n"Forum\r\nMawingu","Kenya"\r\n',
        'sep=;\r\nName;Country\r\n"Forum\nMawingu";Kenya\r\n',
        'Name\tCountry\r"Forum\rMawingu"\tKenya\r',
    ],
)
def test_a_line_end_inside_quotation_marks_parts_nothing(text):
    [entry] = entries(read(text.encode(), "form.csv"))
    assert (entry.name, entry.country) == ("Forum Mawingu", "KE")
    assert [problem.code for problem in entry.problems] == ["several_lines"]


def test_a_quotation_mark_that_never_ends_is_seen():
    """Everything below it is one cell, which nobody should take for one organisation."""
    [entry] = entries(read(b'Name,Country\n"Forum Mawingu,Kenya\nAmani Trust,Uganda\n', "list.csv"))
    assert "several_lines" in [problem.code for problem in entry.problems]


def test_google_forms_questions_are_understood():
    head = (
        '"Timestamp","Email Address","Name of your organization *","Country (of registration)","Your full name",'
        '"Your role in the organisation"'
    )
    row = '"2026/05/03 10:11:12 AM GMT+2","w@forum.example.org","Forum, Mawingu","Perú","Wanjiru Otieno","Director"'
    [entry] = entries(read(f"{head}\n{row}\n".encode(), "Responses.csv"))
    assert (entry.name, entry.country) == ("Forum, Mawingu", "PE")
    assert entry.aside["email"] == "w@forum.example.org"
    assert (entry.aside["contact_name"], entry.aside["role"]) == ("Wanjiru Otieno", "Director")


@pytest.mark.parametrize(
    "head",
    [
        "Organisation | Acronym | Country | Website | Contact name | Role | Email | Visibility | Date",
        "Nom de l’organisation | Sigle | Pays | Site web | Contact | Fonction | Courriel | Visibilité | Date",
        "Organización | Sigla | País | Sitio web | Contacto | Cargo | Correo electrónico | Visibilidad | Fecha",
        "اسم المنظمة | الاختصار | البلد | الموقع | الاسم الكامل | المنصب | البريد الإلكتروني | النشر | التاريخ",
        "组织名称 | 缩写 | 国家 | 网站 | 联系人 | 职务 | 电子邮件 | 公开 | 日期",
        "Название организации | Сокращение | Страна | Сайт | ФИО | Должность | Электронная почта | Видимость | Дата",
    ],
)
def test_columns_are_known_in_the_six_languages(head):
    columns = recognise(head.split(" | "))
    roles = ("name", "acronym", "country", "website", "contact_name", "role", "email", "visibility", "date")
    assert columns == {role: index for index, role in enumerate(roles)}


@pytest.mark.parametrize(
    ("question", "answers", "wishes"),
    [
        ("How should we list you?", ("Publicly", "Anonymous", "Country only"), ["named", "counted", "country"]),
        ("May we publish your name?", ("yes", "no", ""), ["named", "counted", ""]),
        ("On the website", ("With our name", "Anonymously", ""), ["named", "counted", ""]),
        ("Mention", ("oui", "Confidentiel", "peut-être"), ["named", "confidential", ""]),
    ],
)
def test_a_wish_not_to_be_named_is_read_whatever_its_column_is_called(question, answers, wishes):
    rows = [f"Organisation {number},Kenya,{answer}\n" for number, answer in enumerate(answers)]
    found = entries(read(f"Organisation,Country,{question}\n{''.join(rows)}".encode(), "form.csv"))
    assert [entry.aside.get("visibility", "") for entry in found] == wishes
    assert [entry.is_blocked for entry in found] == [answer == "peut-être" for answer in answers]


def test_a_yes_or_a_country_in_another_column_is_no_wish():
    text = "Organisation,Country,Do you agree?,Region\nForum Mawingu,Kenya,no,country\n"
    assert "visibility" not in (read(text.encode(), "form.csv").columns or {})


def test_a_first_row_with_a_country_is_an_organisation():
    sheet = read(b"Forum Mawingu,Kenya\nAmani Trust,Uganda\n", "list.csv")
    assert (sheet.columns, sheet.header, len(sheet.rows)) == (None, (), 2)


@pytest.mark.parametrize(
    ("head", "name", "latin"),
    [
        (["Organisation", "Name in English", "Country"], 0, 1),
        (["English name", "Name", "Country"], 1, 0),
        (["Name", "Name (in English)"], 0, 1),
        (["What is the name of your organisation in English?", "Name of your organisation"], 1, 0),
        (["اسم المنظمة", "اسم المنظمة بالإنجليزية", "البلد"], 0, 1),
        (["机构名称", "英文名称"], 0, 1),
        (["Название организации", "Название латиницей"], 0, 1),
        (["Organisation name in English", "Country"], 0, None),
        (["Organisation (in English)", "Name", "Email"], 0, None),
        (["Name in English", "Country"], 0, None),
        (["Organisation", "Your name in English"], 0, None),
    ],
)
def test_the_column_of_names_in_latin_letters_is_known_beside_the_other(head, name, latin):
    columns = recognise(head)
    assert columns is not None
    assert (columns["name"], columns.get("latin_name")) == (name, latin)


def test_columns_that_are_not_named_are_asked_for():
    sheet = read(b"Forum Mawingu,Kenya,12\nAmani Trust,Uganda,13\n", "list.csv")
    assert sheet.columns is None
    found = entries(sheet, {"name": 0, "country": 1})
    assert [(entry.name, entry.country) for entry in found] == [("Forum Mawingu", "KE"), ("Amani Trust", "UG")]


@pytest.mark.parametrize(
    "asked",
    [
        "Do you want us not to publish this?",
        "Do you want to stay anonymous (not public)?",
        "Hide your publication?",
    ],
)
def test_a_question_turned_round_is_not_taken_for_a_wish(asked):
    assert "visibility" not in (recognise(["Organisation", asked]) or {})
    assert recognise(["Organisation", "May we publish your name?"])["visibility"] == 1


@pytest.mark.parametrize("line", [",".join(["(" * 4900] * 60), "a," * 2_000_000])
def test_a_row_of_oddities_is_not_looked_at_for_long(line):
    began = time.process_time()
    with suppress(Refused):
        read(f"{line}\n{line[:300_000]}\n".encode()[:9_000_000], "list.csv")
    assert time.process_time() - began < 2


def test_organisations_above_one_that_is_called_like_a_column_are_not_lost():
    names = ["Forum Mawingu", "Amani Trust", "Entidad", "Lake Watch"]
    sheet = read("".join(f"{name};Kenya\n" for name in names).encode(), "list.csv")
    assert [row.cells[0] for row in sheet.rows] == names


def test_a_list_of_names_with_commas_is_one_column():
    names = ["Water, Land and People", "Forum Mawingu", "Trust for Lakes, Rivers, and Wells", "Amani"]
    assert [entry.name for entry in entries(read("\n".join(names).encode(), "list.csv"))] == names


def a_book(*rows, change=None) -> bytes:
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    if change:
        change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_workbook_is_read_and_its_formulas_are_told():
    data = a_book(
        ["Organisation", "Country", "Date"],
        ["Forum Mawingu", "Kenya", date(2026, 5, 3)],
        ['=HYPERLINK("http://x.example","Amani")', "Uganda", 7],
        ["350", "Kenya", 3.5],
    )
    mawingu, formula, figures = entries(read(data, "list.xlsx"))
    assert (mawingu.name, mawingu.country, mawingu.aside["date"]) == ("Forum Mawingu", "KE", "2026-05-03")
    assert [problem.code for problem in formula.problems] == ["formula", "no_name"]
    assert formula.is_blocked
    assert figures.aside["date"] == "3.5"


def test_merged_cells_and_other_sheets_are_told():
    def change(book):
        book.active.merge_cells("A2:A3")
        book.create_sheet("More")

    sheet = read(a_book(["Name", "Country"], ["Forum", "Kenya"], [None, "Uganda"], change=change), "list.xlsx")
    assert [[problem.code for problem in row.problems] for row in sheet.rows] == [["merged"], ["merged"]]
    assert [problem.code for problem in sheet.remarks] == ["other_sheets"]


def test_the_sheet_that_names_its_columns_is_the_list():
    def change(book):
        book.active.title = "Read me"
        for title, rows in {"Figures": [[1, 2]], "List": [["Spring"], ["Name", "Country"], ["Forum", "Kenya"]]}.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)

    sheet = read(a_book(["This workbook holds notes"], ["and a list"], change=change), "list.xlsx")
    assert [row.cells for row in sheet.rows] == [("Forum", "Kenya")]
    assert [(problem.code, problem.detail) for problem in sheet.remarks] == [("other_sheets", "List")]
    plain = read(a_book(["Forum"], ["Amani"], change=lambda book: book.create_sheet("More")), "list.xlsx")
    assert [row.cells for row in plain.rows] == [("Forum",), ("Amani",)]


def a_zip(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return file.getvalue()


def a_bomb() -> bytes:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + b" " * 50_000_000
    )
    names = {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": sheet}
    return a_zip(**names)


def a_lying_bomb() -> bytes:
    """It says that it unpacks to less than it does."""
    data = bytearray(a_bomb())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = (50_000).to_bytes(4, "little")
    return bytes(data)


def an_entity_bomb() -> bytes:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><workbook>&b;</workbook>'
    return a_zip(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": entity})


def many_styles() -> bytes:
    """Small when packed, small when unpacked, and gigabytes in the memory of whoever reads it."""
    made = zipfile.ZipFile(io.BytesIO(a_book(["Name"], ["Forum"])))
    kinds = "".join(f'<xf numFmtId="{n * 7919 % 160}" fontId="0" fillId="0" borderId="0"/>' for n in range(700_000))
    entries = {name: made.read(name) for name in made.namelist()}
    entries["xl/styles.xml"] = entries["xl/styles.xml"].replace(b"</cellXfs>", kinds.encode() + b"</cellXfs>")
    return a_zip(**entries)


def in_other_letters() -> bytes:
    made = zipfile.ZipFile(io.BytesIO(a_book(["Name"], ["Forum"])))
    entries = {name: made.read(name) for name in made.namelist()}
    sheet = entries["xl/worksheets/sheet1.xml"].decode()
    entries["xl/worksheets/sheet1.xml"] = f'<!DOCTYPE x [<!ENTITY a "aaaa">]>{sheet}'.encode("utf-16-le")
    return a_zip(**entries)


def a_png(side: int = 20_000) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    header = side.to_bytes(4) + side.to_bytes(4) + b"\x01\0\0\0\0"
    row = b"\0" + b"\0" * (side // 8)
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


BAD = {
    "nothing": (lambda: b"", "list.csv", "nothing in this list"),
    "spaces": (lambda: b" \r\n \r\n", "list.csv", "nothing in this list"),
    "picture as csv": (a_png, "list.csv", "a picture"),
    "picture as xlsx": (a_png, "list.xlsx", "a picture"),
    "polyglot": (lambda: a_png(100) + a_book(["Name"], ["Forum"]), "list.xlsx", "a picture"),
    "zip bomb": (a_bomb, "list.xlsx", "unpacks to more"),
    "lying zip bomb": (a_lying_bomb, "list.xlsx", "could not be read"),
    "entity bomb": (an_entity_bomb, "list.xlsx", "could not be read"),
    "bomb in other letters": (in_other_letters, "list.xlsx", "could not be read"),
    "many styles": (many_styles, "list.xlsx", "could not be read"),
    "many entries": (lambda: a_zip(**{f"f{n}": b"" for n in range(1000)}), "list.xlsx", "unpacks to more"),
    "old excel": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "list.xls", "Old Excel files"),
    "old excel by name": (lambda: b"Name\tCountry\n", "list.xls", "Old Excel files"),
    "ods": (
        lambda: a_zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet", content=b"<x/>"),
        "list.xlsx",
        "OpenDocument",
    ),
    "ods by name": (lambda: a_zip(mimetype=b"application/vnd.oasis"), "list.ods", "OpenDocument"),
    "pdf": (lambda: b"%PDF-1.7\n", "list.csv", "a PDF"),
    "page as xlsx": (lambda: b"<html><table><tr><td>Name", "list.xlsx", "a web page"),
    "page as csv": (lambda: b"\xef\xbb\xbf<!DOCTYPE html>", "list.csv", "a web page"),
    "workbook as csv": (lambda: a_book(["Name"], ["Forum"]), "list.csv", "packed"),
    "csv as xlsx": (lambda: b"Name,Country\nForum,Kenya\n", "list.xlsx", "not an Excel workbook"),
    "zip as xlsx": (lambda: a_zip(readme=b"Hello"), "list.xlsx", "not an Excel workbook"),
    "document as xlsx": (
        lambda: a_zip(**{"[Content_Types].xml": b"", "word/document.xml": b""}),
        "a.xlsx",
        "not an Excel",
    ),
    "torn workbook": (lambda: a_book(["Name"], ["Forum"])[:3000], "list.xlsx", "could not be read"),
    "bytes": (lambda: bytes(range(256)) * 40, "list.csv", "could not be read"),
    "other kind": (lambda: b"Name", "list.docx", "Only CSV and XLSX"),
    "too many rows": (lambda: b"Name\n" + b"Forum\n" * 20_001, "list.csv", "more than 20000 rows"),
    "too many columns": (lambda: b"Name" + b",x" * 100 + b"\nForum" + b",x" * 100, "list.csv", "more than 60 columns"),
    "long cell": (lambda: b"Name,Country\n" + b"x" * 6000 + b",Kenya\n", "list.csv", "longer than 5000"),
    "long line": (lambda: b"x" * 6000, "list.csv", "longer than 5000"),
    "too many rows in a book": (lambda: a_book(*[["Forum"]] * 20_002), "list.xlsx", "more than 20000 rows"),
    "a column far out": (lambda: a_book(["Name"], ["Forum", *[None] * 90, "x"]), "list.xlsx", "more than 60 columns"),
    "only a header": (lambda: b"Name,Country\n", "list.csv", "nothing in this list"),
}


@pytest.mark.slow
@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_list_is_told_in_one_sentence(bad):
    make, filename, sentence = BAD[bad]
    with pytest.raises(Refused) as refusal:
        read(make(), filename)
    assert sentence in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_no_more_is_read_than_a_list_may_have():
    class Endless:
        taken = 0

        def read(self, size: int) -> bytes:
            self.taken += size
            return b"x" * size

    file = Endless()
    with pytest.raises(limits.TooLarge, match="larger than 10 MB"):
        read_file(file, "list.csv")
    assert file.taken == limits.MOST_BYTES + 1


@pytest.mark.slow
def test_memory_stays_bounded():
    """In a process that may have little more than Python and Django need themselves."""
    program = """
import resource, sys, io, os
import django
django.setup()
from signatories.importing import Refused, read, read_file
from tests.signatories.test_importing import a_bomb, a_lying_bomb, a_png, a_book, many_styles
huge = open("/dev/zero", "rb")
made = [(a_bomb(), "a.xlsx"), (many_styles(), "a.xlsx"), (a_lying_bomb(), "a.xlsx"), (a_png(), "a.csv"),
        (b"a,b\\n" + b"x,y\\n" * 2_400_000, "a.csv"),
        (a_book(*[["Forum %d" % n, "Kenya", "https://forum.example/%d" % n] for n in range(20_500)]), "a.xlsx")]
now = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (now + 256 * 1024**2, now + 256 * 1024**2))
refused = 0
for data, name in made:
    try: read(data, name)
    except Refused: refused += 1
try: read_file(huge, "a.csv")
except Refused: refused += 1
print(refused)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.stdout.strip() == "7", ended.stderr


# Pasted lists


@pytest.mark.parametrize(
    ("line", "name", "country", "acronym"),
    [
        ("1. Amnesty International", "Amnesty International", "", ""),
        ("12) Forum Mawingu (Kenya)", "Forum Mawingu", "KE", ""),
        ("• Hiperderecho (Perú)", "Hiperderecho", "PE", ""),
        ("– Riposte Internationale – Algérie", "Riposte Internationale", "DZ", ""),
        ("Tifa Foundation, Indonesia;", "Tifa Foundation", "ID", ""),
        ("3 – Комитет против пыток, Россия", "Комитет против пыток", "RU", ""),
        ("٣. مركز القاهرة، مصر", "مركز القاهرة", "EG", ""),
        ("四、绿色和平组织（中国）", "绿色和平组织", "CN", ""),
        ("Fédération internationale (FIDH), France", "Fédération internationale (FIDH)", "FR", "FIDH"),
        (
            "Articulação dos Povos Indígenas do Brasil – APIB",
            "Articulação dos Povos Indígenas do Brasil – APIB",
            "",
            "APIB",
        ),
        ("Sindicato dos Trabalhadores – PA", "Sindicato dos Trabalhadores – PA", "", ""),
        ("Arizona Kachin Community, AZ", "Arizona Kachin Community, AZ", "", ""),
        ("Burma Campaign (UK)", "Burma Campaign", "GB", ""),
        ("350.org", "350.org", "", ""),
        ("Digitale Gesellschaft Schweiz", "Digitale Gesellschaft Schweiz", "", ""),
        ("Water, Land and People", "Water, Land and People", "", ""),
        ("Laboratorio de Datos y Sociedad (Datysoc, Uruguay)", "Laboratorio de Datos y Sociedad (Datysoc)", "UY", None),
    ],
)
def test_what_stands_around_a_name(line, name, country, acronym):
    [entry] = entries(paste(line))
    assert (entry.name, entry.country) == (name, country)
    assert entry.raw == line
    if acronym is not None:
        assert entry.acronym == acronym


def test_an_address_behind_a_name_is_its_website():
    [entry] = entries(paste("Forum Mawingu – https://forum.example/en"))
    assert (entry.name, entry.website) == ("Forum Mawingu", "https://forum.example/en")


HAZARDS = {
    "Pro Natura / FoE Switzerland": "two_names",
    "Forum Mawingu; Amani Trust": "two_names",
    "Centre for Land Rights and Network of Rivers": "two_names",
    "Associação Juízes Para a Democracia – AJD Associação Missão Tremembé – AMI": "two_names",
    "Grupo Tortura Nunca Mais – SP Habitat para a Humanidade": "two_names",
    "Grupo Lambda LGBT Brasil Grupo Tortura Nunca Mais – RJ": "two_names",
    "民生書院反極權關注組及民生書院反送中關注組": "two_names",
    "Quilombolas – CONAQ": "torn",
    "Modernidade e Meio Ambiente da UFMA (GEDMMA)": "torn",
    "Cooperativa Mista de Produção, Comercialização e Industrialização de": "torn",
    "Universidad de los Andes (DTES-ULA, Venezulea()": "torn",
    "Centro de Defesa da Criança Mônica Paião Trevisan - CEDECA / Sapopemba": "two_names",
    "UBM - Somos do Conselho Nacional de DH": "remark",
    "FEACT Brasil (representando 23 organizações nacionais)": "remark",
    "NixΝet": "posing",
    "共に生きる世の中、違う世の中に向かう連帯": "list_mark",
    "Avocat à la Cour": "job_title",
    "Dr. Wanjiru Otieno": "person",
    "Maria Otieno": "person",
    "Boat People SOS 2": "figures",
    "@segudigital": "handle",
    "Forum Mawingu, forum@mawingu.example": "email",
    "KOREA FEDERATION FOR ENVIRONMENTAL MOVEMENTS": "capitals",
    "Organisations signataires :": "heading",
    "Signatories": "heading",
    "Forum Mawingu et al.": "et_al",
    "and 12 others": "et_al",
    "12 other organisations": "et_al",
    "Forum\u200bMawingu\u202e": "hidden",
}


@pytest.mark.parametrize("line", HAZARDS)
def test_hazards_of_print_are_shown_and_not_repaired(line):
    [entry] = entries(paste(line))
    assert HAZARDS[line] in [problem.code for problem in entry.problems]


@pytest.mark.parametrize(
    "line",
    [
        "Amnesty International",
        "Peace and Justice Initiative",
        "Instituto Prensa y Sociedad de Venezuela",
        "Centro de Desenvolvimento Agroecológico Sabiá - Centro Sabiá",
        "350.org",
        "ARTICLE 19 International",
        "/e/ Foundation",
        "Associação Brasileira de Agroecologia - ABA",
        "グリーンピース・ジャパン",
        "D3 - Defesa dos Direitos Digitais",
    ],
)
def test_a_plain_name_is_left_alone(line):
    [entry] = entries(paste(line))
    assert entry.problems == ()


def test_lines_are_compared_with_each_other():
    found = entries(
        paste(
            "Movimento de Mulheres\nForum\nMOVIMENTO DE MULHERES\nMovimento de Mulheres Amani Trust\nGrupo de Estudos,"
        )
    )
    codes = {entry.number: [(problem.code, problem.detail) for problem in entry.problems] for entry in found}
    assert ("double", "1") in codes[3]
    assert ("holds_other", "1") in codes[4]
    assert ("torn", "") in codes[5]
    assert codes[1] == codes[2] == []
