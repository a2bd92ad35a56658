"""Logos from strangers: their pixels come through, and nothing else does."""

import io
import random
import re
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import TimestampSigner
from django.http import FileResponse, HttpRequest
from django.test import RequestFactory
from django.views.decorators.http import conditional_page
from PIL import ExifTags, Image, ImageDraw

from signatories import logos, redraw
from signatories.models import Organisation

TOO_LARGE = "The logo must be smaller than 1 MB"
WRONG_KIND = "The logo must be a PNG, JPEG or WebP"
TOO_MANY_PIXELS = "The logo must be at most 4,000 pixels wide and high"
UNREADABLE = "The logo could not be read"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (400, 200), **options: Any) -> bytes:
    """A two-coloured picture: dark on the left, light on the right."""
    image = Image.new("L", size, 220)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 2, size[1]), fill=40)
    return encoded(image.convert(mode, dither=Image.Dither.NONE), kind, **options)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def noise(mode: str, size: tuple[int, int]) -> Image.Image:
    return Image.frombytes(mode, size, random.Random(7).randbytes(size[0] * size[1] * len(mode)))  # noqa: S311  no secret


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros() -> bytes:
    """A hundred million bytes, packed into a hundred thousand."""
    return zlib.compress(bytes(10**8), 9)


def png_of(width: int, height: int, *, rows: int | None = None, before: bytes = b"") -> bytes:
    """A black and white PNG written by hand, small however large it says it is."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return logos.PNG_MAGIC + chunk(b"IHDR", header) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def animation(number: int, size: tuple[int, int]) -> bytes:
    """A WebP that begins red."""
    frames = [Image.new("RGB", size, colour) for colour in ("red", "lime", "blue")] * (number // 3)
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=50, lossless=True, method=0)


def webp_of(width: int, height: int) -> bytes:
    """A WebP that says it is as large, around a picture of one pixel."""
    whole = picture("WEBP", size=(1, 1), lossless=True)[12:]
    canvas = b"VP8X" + struct.pack("<IB", 10, 0) + bytes(3)
    canvas += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + canvas + whole
    return b"RIFF" + struct.pack("<I", len(body)) + body


def drawn(data: bytes, name: str = "logo.png") -> logos.Logo:
    return logos.redraw(SimpleUploadedFile(name, data))


def opened(logo: logos.Logo) -> Image.Image:
    return Image.open(io.BytesIO(logo.data))


def refusal(data: bytes, name: str = "logo.png") -> str:
    with pytest.raises(logos.Unreadable) as refused:
        drawn(data, name)
    return str(refused.value)


def chunks(data: bytes) -> list[bytes]:
    """The kinds of chunk in a PNG, which must end with the last of them."""
    kinds, at = [], len(logos.PNG_MAGIC)
    while at < len(data):
        kinds.append(data[at + 4 : at + 8])
        at += 12 + int(struct.unpack_from(">I", data, at)[0])
    assert at == len(data)
    return kinds


def assert_only_pixels(data: bytes) -> None:
    assert data.startswith(logos.PNG_MAGIC)
    assert chunks(data)[-1] == b"IEND"
    assert set(chunks(data)) <= {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


class TestDrawing:
    pytestmark = pytest.mark.slow

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_every_kind_of_png_is_drawn_to_fit(self, mode: str) -> None:
        image = opened(drawn(picture(mode=mode)))
        assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (192, 96))

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    @pytest.mark.parametrize("options", [{}, {"progressive": True}])
    def test_every_kind_of_jpeg_is_drawn_to_fit(self, mode: str, options: dict[str, Any]) -> None:
        image = opened(drawn(picture("JPEG", mode, **options), "logo.jpg"))
        assert (image.format, image.size) == ("PNG", (192, 96))
        left, right = image.convert("L").getpixel((20, 50)), image.convert("L").getpixel((170, 50))
        assert left == pytest.approx(40, abs=3)
        assert right == pytest.approx(220, abs=3)

    @pytest.mark.parametrize("name", ["a.jpg", "a.jpeg", "a.jfif", "A.JPG", "logo.png.jpg", "الشعار.jpg"])
    def test_jpeg_under_its_usual_names_is_taken(self, name: str) -> None:
        assert drawn(picture("JPEG"), name)

    def test_transparency_is_kept(self) -> None:
        image = Image.new("RGBA", (100, 100), (200, 0, 0, 0))
        ImageDraw.Draw(image).rectangle((0, 0, 49, 99), fill=(0, 0, 200, 128))
        redrawn = opened(drawn(encoded(image)))
        assert redrawn.getpixel((10, 10)) == (0, 0, 200, 128)
        assert redrawn.getpixel((90, 10)) == (200, 0, 0, 0)

    def test_small_logo_is_not_enlarged(self) -> None:
        assert opened(drawn(picture(size=(64, 32)))).size == (64, 32)

    def test_hairline_stays_one_pixel_high(self) -> None:
        assert opened(drawn(picture(size=(4000, 1)))).size == (192, 1)

    def test_sixteen_bits_of_grey_do_not_become_white(self) -> None:
        image = opened(drawn(encoded(Image.new("I;16", (50, 50), 0x8000))))
        assert image.getpixel((5, 5)) == (128, 128, 128, 255)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_the_busiest_picture_has_20_kb_at_most(self, mode: str) -> None:
        logo = drawn(encoded(noise(mode, (192, 192))))
        assert len(logo.data) <= 20 * 1024
        assert len(logo.token()) < 28_000
        assert opened(logo).has_transparency_data == (mode == "RGBA")

    def test_exactly_one_megabyte_and_the_largest_size_are_taken(self) -> None:
        assert drawn(picture().ljust(1024 * 1024, b"\0"))
        assert opened(drawn(png_of(4000, 4000))).size == (192, 192)

    def test_animation_stands_still(self) -> None:
        frames = [Image.new("RGB", (60, 60), colour) for colour in ("red", "lime", "blue")]
        animated = encoded(frames[0], save_all=True, append_images=frames[1:], duration=100)
        assert b"acTL" in animated
        logo = drawn(animated)
        assert_only_pixels(logo.data)
        assert opened(logo).getpixel((5, 5)) == (255, 0, 0, 255)

    @pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
    @pytest.mark.parametrize("options", [{}, {"lossless": True}])
    def test_every_kind_of_webp_is_drawn_to_fit(self, mode: str, options: dict[str, Any]) -> None:
        logo = drawn(picture("WEBP", mode, **options), "الشعار.WEBP")
        assert_only_pixels(logo.data)
        image = opened(logo)
        assert (image.format, image.size) == ("PNG", (192, 96))
        left, right = image.convert("L").getpixel((20, 50)), image.convert("L").getpixel((170, 50))
        assert left == pytest.approx(40, abs=3)
        assert right == pytest.approx(220, abs=3)

    def test_webp_keeps_what_can_be_seen_through(self) -> None:
        image = Image.new("RGBA", (100, 100), (200, 0, 0, 0))
        ImageDraw.Draw(image).rectangle((0, 0, 49, 99), fill=(0, 0, 200, 128))
        redrawn = opened(drawn(encoded(image, "WEBP", lossless=True, exact=True), "logo.webp"))
        assert redrawn.getpixel((10, 10)) == (0, 0, 200, 128)
        assert redrawn.getpixel((90, 10))[3] == 0  # type: ignore[index]

    def test_webp_that_moves_stands_still(self) -> None:
        logo = drawn(animation(3, (60, 60)), "logo.webp")
        assert_only_pixels(logo.data)
        assert opened(logo).getpixel((5, 5)) == (255, 0, 0, 255)

    def test_second_picture_of_a_phone_is_left_behind(self) -> None:
        double = encoded(
            Image.new("RGB", (60, 60), "red"), "MPO", save_all=True, append_images=[noise("RGB", (60, 60))]
        )
        assert Image.open(io.BytesIO(double)).format == "MPO"
        assert_only_pixels(drawn(double, "logo.jpg").data)


class TestLeftBehind:
    pytestmark = pytest.mark.slow

    @pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")])
    def test_photograph_forgets_where_it_was_taken_and_stands_upright(self, kind: str, name: str) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        exif[ExifTags.Base.Artist] = "Amina"
        exif[ExifTags.IFD.GPSInfo] = {1: "N", 2: (46.0, 12.0, 0.0), 3: "E", 4: (6.0, 9.0, 0.0)}
        photograph = picture(kind, exif=exif)
        assert Image.open(io.BytesIO(photograph)).getexif().get_ifd(ExifTags.IFD.GPSInfo)
        logo = drawn(photograph, name)
        assert_only_pixels(logo.data)
        assert not opened(logo).getexif()
        assert opened(logo).size == (96, 192)
        assert b"Amina" not in logo.data

    def test_profile_and_resolution_and_words_are_dropped(self) -> None:
        words = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>") + chunk(b"zTXt", b"a\0\0" + zlib.compress(SVG))
        plain = picture(icc_profile=b"profile" * 9, dpi=(72, 72))
        assert_only_pixels(drawn(plain[:33] + words + plain[33:]).data)

    @pytest.mark.parametrize("tail", [b"<html><script>alert(1)</script>", b"PK\x03\x04 logo.jar", SVG, b"GIF89a=1"])
    @pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")])
    def test_second_life_of_a_file_ends_here(self, tail: bytes, kind: str, name: str) -> None:
        logo = drawn(picture(kind) + tail, name)
        assert_only_pixels(logo.data)
        assert tail not in logo.data


class TestRefusing:
    pytestmark = pytest.mark.slow

    def test_too_large_is_refused_unread(self) -> None:
        upload = SimpleUploadedFile("logo.png", picture().ljust(1024 * 1024 + 1, b"\0"))
        with pytest.raises(logos.Unreadable, match=TOO_LARGE):
            logos.redraw(upload)
        assert upload.tell() == 0

    @pytest.mark.parametrize("name", ["logo.png", "logo.jpg"])
    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"hello",
            SVG,
            b"<html>",
            b"%PDF-1.7",
            b"PK\x03\x04",
            picture("GIF"),
            b"RIFF\x10\0\0\0WAVEfmt ",
            b"RIFF" + picture("WEBP"),
            picture("BMP"),
            picture("TIFF"),
            b"GIF89a" + picture(),
            b" " + picture(),
        ],
        ids=lambda data: repr(data[:8]),
    )
    def test_what_begins_otherwise_is_refused(self, data: bytes, name: str) -> None:
        assert refusal(data, name) == WRONG_KIND

    @pytest.mark.parametrize("name", ["logo", "logo.svg", "logo.png.svg", "logo.gif", "logo.html", ".png", "logo.png."])
    def test_png_under_another_name_is_refused(self, name: str) -> None:
        assert refusal(picture(), name) == WRONG_KIND

    def test_png_and_jpeg_under_each_other_s_name_are_refused(self) -> None:
        assert refusal(picture("PNG"), "logo.jpg") == WRONG_KIND
        assert refusal(picture("JPEG"), "logo.png") == WRONG_KIND
        assert refusal(picture("WEBP"), "logo.png") == WRONG_KIND
        assert refusal(picture("PNG"), "logo.webp") == WRONG_KIND

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (encoded(noise("RGB", (90, 90)))[:9000], "logo.png"),
            (encoded(noise("RGB", (90, 90)), "JPEG")[:2000], "logo.jpg"),
            (logos.PNG_MAGIC, "logo.png"),
            (logos.PNG_MAGIC + SVG, "logo.png"),
            (logos.JPEG_MAGIC + SVG, "logo.jpg"),
            (png_of(0, 0), "logo.png"),
            (picture("WEBP")[:200], "logo.webp"),
            (picture("WEBP")[:16] + SVG, "logo.webp"),
        ],
        ids=["cut PNG", "cut JPEG", "bare", "PNG SVG", "JPEG SVG", "nothing", "cut WebP", "WebP SVG"],
    )
    def test_what_cannot_be_drawn_is_refused(self, data: bytes, name: str) -> None:
        assert refusal(data, name) == UNREADABLE

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (png_of(4001, 10), "logo.png"),
            (png_of(10, 4001), "logo.png"),
            (png_of(20_000, 20_000), "logo.png"),
            (picture("JPEG", size=(4001, 10)), "logo.jpg"),
            (picture("WEBP", size=(4001, 10)), "logo.webp"),
            (webp_of(16_384, 16_384), "logo.webp"),
        ],
        ids=["wide PNG", "high PNG", "20,000 × 20,000", "wide JPEG", "wide WebP", "WebP that says so"],
    )
    def test_what_has_too_many_pixels_is_told_so(self, data: bytes, name: str) -> None:
        assert refusal(data, name) == TOO_MANY_PIXELS

    @pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("WEBP", "a.webp")])
    def test_damage_is_survived(self, kind: str, name: str) -> None:
        chance = random.Random(11)  # noqa: S311  no secret
        for _ in range(8):
            damaged = bytearray(encoded(noise("RGB", (40, 40)), kind))
            for _ in range(4):
                damaged[chance.randrange(8, len(damaged))] = chance.randrange(256)
            try:
                assert_only_pixels(drawn(bytes(damaged), name).data)
            except logos.Unreadable as error:
                assert str(error) == UNREADABLE  # noqa: PT017  either is right


#: Runs the darkroom, and says on standard error how much memory it took.
MEASURING = """
import runpy, sys
status = open("/proc/self/status")
try:
    runpy.run_path(sys.argv.pop(1), run_name="__main__")
finally:
    sys.stderr.write(status.read())
"""

#: What the darkroom can't do once it is confined, and would like to.
TEMPTATIONS = """
import runpy, socket, sys
confine = runpy.run_path(sys.argv[1])["confine"]
confine()
held = []
for tempt in (lambda: open("/etc/passwd"), lambda: socket.socket(), lambda: bytearray(400 * 1024**2)):
    try:
        held.append(tempt())
    except (OSError, MemoryError):
        pass
sys.exit(len(held))
"""


def python(program: str, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-I", "-c", program, str(logos.DARKROOM), *arguments]
    return subprocess.run(command, input=data, capture_output=True, env={}, check=False)


class TestBombs:
    pytestmark = pytest.mark.slow

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
    @pytest.mark.parametrize(
        ("bomb", "status"),
        [
            (lambda: png_of(20_000, 20_000), redraw.TOO_LARGE),
            (lambda: png_of(65_500, 65_500, rows=9), redraw.TOO_LARGE),
            (lambda: png_of(100, 100, rows=3_000_000), 0),
            (lambda: png_of(9, 9, before=chunk(b"zTXt", b"a\0\0" + zeros())), redraw.REFUSED),
            (lambda: png_of(9, 9, before=chunk(b"iTXt", b"a\0\1\0\0\0" + zeros())), redraw.REFUSED),
            (lambda: png_of(9, 9, before=chunk(b"iCCP", b"a\0\0" + zeros())), redraw.REFUSED),
        ],
        ids=["20,000 × 20,000", "header only", "more rows than said", "zTXt", "iTXt", "iCCP"],
    )
    def test_bomb_takes_neither_time_nor_memory(self, bomb: Callable[[], bytes], status: int) -> None:
        data = bomb()
        assert len(data) < 200_000
        began = time.monotonic()
        done = python(MEASURING, "PNG", data=data)
        assert time.monotonic() - began < 2
        assert done.returncode == status
        peak = re.search(rb"VmHWM:\s+(\d+) kB", done.stderr)
        assert peak
        assert int(peak[1]) < 64 * 1024

    @pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
    @pytest.mark.parametrize(
        ("bomb", "status", "most"),
        [
            (lambda: webp_of(16_384, 16_384), redraw.TOO_LARGE, 64),
            (lambda: picture("WEBP", size=(4001, 3900), method=0), redraw.TOO_LARGE, 224),
            (lambda: picture("WEBP", "RGB", (4000, 4000), quality=1, method=0), 0, 352),
            (lambda: picture("WEBP", "RGBA", (4000, 4000), lossless=True, method=0), 0, 352),
            (lambda: animation(300, (1200, 1200)), 0, 128),
        ],
        ids=["16,384 × 16,384", "too wide", "the largest", "the largest without loss", "300 pictures"],
    )
    def test_webp_takes_neither_time_nor_memory(self, bomb: Callable[[], bytes], status: int, most: int) -> None:
        data = bomb()
        assert len(data) < logos.LARGEST
        began = time.monotonic()
        done = python(MEASURING, "WEBP", data=data)
        assert time.monotonic() - began < 4
        assert done.returncode == status
        peak = re.search(rb"VmHWM:\s+(\d+) kB", done.stderr)
        assert peak
        assert int(peak[1]) < most * 1024

    def test_picture_that_takes_too_long_is_refused(self, caplog: pytest.LogCaptureFixture) -> None:
        """A progressive JPEG whose last pass is repeated thousands of times, each over 16 million pixels."""
        data = picture("JPEG", "L", (4000, 4000), progressive=True)
        last = data.rindex(b"\xff\xda")
        passes = (1024 * 1024 - len(data)) // len(data[last:-2])
        assert passes > 100
        began = time.monotonic()
        assert refusal(data[:-2] + data[last:-2] * passes + data[-2:], "logo.jpg") == UNREADABLE
        assert time.monotonic() - began < logos.PATIENCE + 1
        assert "Drawing a logo ended with status -9" in caplog.text

    def test_darkroom_opens_nothing_and_stays_small(self) -> None:
        assert python(TEMPTATIONS).returncode == 0

    def test_both_sides_mean_the_same_by_refused(self) -> None:
        assert (logos.REFUSED, logos.TOO_LARGE) == (redraw.REFUSED, redraw.TOO_LARGE)


LOGO = logos.Logo(picture(size=(50, 50)))


class TestKeeping:
    def test_logo_is_kept_over_a_form_with_errors(self) -> None:
        assert logos.kept(LOGO.token()) == LOGO

    def test_logo_is_kept_for_an_hour(self) -> None:
        with time_machine.travel("2026-03-01T12:00:00Z", tick=False) as clock:
            token = LOGO.token()
            clock.shift(timedelta(minutes=60))
            assert logos.kept(token) == LOGO
            clock.shift(timedelta(seconds=1))
            assert logos.kept(token) is None

    def test_altered_token_keeps_nothing(self) -> None:
        token = LOGO.token()
        for at in (0, len(token) // 2, len(token) - 2):
            assert logos.kept(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]) is None

    @pytest.mark.parametrize("token", ["", ":", "::", "a:b:c", "\0", "é:1:2", "x" * 100_000])
    def test_rubbish_keeps_nothing(self, token: str) -> None:
        assert logos.kept(token) is None

    def test_what_was_signed_for_something_else_keeps_nothing(self) -> None:
        assert logos.kept(TimestampSigner().sign(LOGO.token().split(":")[0])) is None

    def test_logo_can_be_shown_in_the_page(self) -> None:
        assert LOGO.data_url.startswith("data:image/png;base64,iVBORw0KGgo")

    def test_file_has_a_random_name(self) -> None:
        one, other = LOGO.file(), LOGO.file()
        assert one.read() == LOGO.data
        assert re.fullmatch(r"[0-9a-f]{32}\.png", str(one.name))
        assert one.name != other.name


class TestShowing:
    @pytest.fixture
    def organisation(self, settings: Any, tmp_path: Path) -> Organisation:
        settings.MEDIA_ROOT = tmp_path
        organisation = Organisation()
        file = LOGO.file()
        organisation.logo.save(str(file.name), file, save=False)
        return organisation

    def test_stored_logo_is_a_picture_and_nothing_else(self, organisation: Organisation) -> None:
        response = logos.response(organisation.logo)
        assert b"".join(response) == LOGO.data
        assert response.headers == {
            "Content-Type": "image/png",
            "Content-Length": str(len(LOGO.data)),
            "Content-Disposition": 'inline; filename="logo.png"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "public, max-age=0, s-maxage=2, stale-while-revalidate=2",
            "ETag": f'"{Path(str(organisation.logo.name)).stem}"',
        }

    def test_whoever_has_it_already_is_told_so(self, organisation: Organisation, rf: RequestFactory) -> None:
        @conditional_page
        def view(request: HttpRequest) -> FileResponse:
            return logos.response(organisation.logo)

        etag = view(rf.get("/"))["ETag"]
        assert view(rf.get("/", headers={"If-None-Match": etag})).status_code == 304

    def test_missing_logo_is_an_error_of_its_kind(self, organisation: Organisation) -> None:
        organisation.logo.storage.delete(str(organisation.logo.name))
        with pytest.raises(FileNotFoundError):
            logos.response(organisation.logo)
        with pytest.raises(ValueError, match="no file"):
            logos.response(Organisation().logo)
