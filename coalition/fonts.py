"""The type case: which letters the fonts of this machine have, asked of fontconfig; PDFs are set in them."""

from __future__ import annotations

import ctypes
import ctypes.util
from contextlib import suppress

#: A letter of each script that letters have come in, and the Debian package with fonts for it.
SAMPLES = {
    "Latin": ("ế", "fonts-noto-core"),
    "Cyrillic": ("ө", "fonts-noto-core"),
    "Arabic, with Uyghur": ("ۋ", "fonts-noto-core"),
    "Tibetan": ("ཀ", "fonts-noto-core"),
    "Devanagari": ("क", "fonts-noto-core"),
    "Hebrew": ("א", "fonts-noto-core"),
    "Georgian": ("ა", "fonts-noto-core"),
    "Myanmar": ("က", "fonts-noto-core"),
    "Ethiopic": ("ሀ", "fonts-noto-core"),
    "Chinese": ("藏", "fonts-noto-cjk"),
    "Japanese": ("あ", "fonts-noto-cjk"),
    "Korean": ("한", "fonts-noto-cjk"),
}


def has_pango() -> bool:
    """The libraries that lay out a PDF can be loaded."""
    return all(_library(name) for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz"))


def without_fonts() -> dict[str, str]:
    """Script → package, for each script of which no font has the sample; nothing where fontconfig is missing."""
    library = _library("fontconfig")
    if library is None:
        return {}
    library.FcInitLoadConfigAndFonts.restype = ctypes.c_void_p
    library.FcConfigGetFonts.restype = ctypes.POINTER(_FontSet)
    library.FcConfigGetFonts.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.FcPatternGetCharSet.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    library.FcCharSetHasChar.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
    library.FcConfigDestroy.argtypes = [ctypes.c_void_p]
    config = library.FcInitLoadConfigAndFonts()
    if not config:
        return {}
    missing = dict(SAMPLES)
    # Of FcSetSystem; NULL where there is no font at all.
    if fonts := library.FcConfigGetFonts(config, 0):
        for index in range(fonts.contents.number):
            letters = ctypes.c_void_p()
            if library.FcPatternGetCharSet(fonts.contents.patterns[index], b"charset", 0, ctypes.byref(letters)) == 0:
                missing = {
                    script: sample
                    for script, sample in missing.items()
                    if not library.FcCharSetHasChar(letters, ord(sample[0]))
                }
    library.FcConfigDestroy(config)
    return {script: package for script, (_letter, package) in missing.items()}


class _FontSet(ctypes.Structure):
    """FcFontSet of fontconfig.h."""

    _fields_ = [
        ("number", ctypes.c_int),
        ("allocated", ctypes.c_int),
        ("patterns", ctypes.POINTER(ctypes.c_void_p)),
    ]


def _library(name: str) -> ctypes.CDLL | None:
    found = ctypes.util.find_library(name)
    with suppress(OSError):
        return ctypes.CDLL(found) if found else None
    return None
