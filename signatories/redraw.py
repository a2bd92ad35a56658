"""The darkroom: a program of its own, without Django, in which a picture from a stranger is decoded and drawn anew.

The picture on standard input, "PNG", "JPEG" or "WEBP" as the only argument, the new PNG on standard output. Ends with
TOO_LARGE where the picture is too wide or high, with REFUSED where it can't be read, whatever the reason.
"""

import io
import resource
import sys
import warnings

from PIL import Image, ImageOps, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin  # noqa: F401  see below

#: Width and height of a picture that is still decoded: at most 64 MB of pixels.
LARGEST = 4000
#: Width and height that the drawn picture fits into.
EDGE = 192
#: Bytes that the drawn picture has at most: at 16 colours, 4 bits a pixel, it is sure to be reached.
SMALL = 20 * 1024
REFUSED = 3
TOO_LARGE = 4

LIMITS = {
    resource.RLIMIT_AS: 384 * 1024**2,
    resource.RLIMIT_CPU: 2,
    resource.RLIMIT_FSIZE: SMALL,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 0,  # neither file nor socket is opened any more; the three that are open stay
}

# Nothing can be imported any more either, so what Pillow puts off (and the three above, two of them for photographs)
# comes first.
Image.preinit()
# Half of what is refused before anything is laid out for it; what lies between would be warned of.
Image.MAX_IMAGE_PIXELS = LARGEST**2 // 2
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


class TooLarge(Exception):
    """Not decoded at all."""


def main() -> int:
    confine()
    try:
        drawn = draw(sys.stdin.buffer.read(), sys.argv[1])
    except (TooLarge, Image.DecompressionBombError):
        return TOO_LARGE
    except Exception:  # a hostile picture can raise anything
        return REFUSED
    sys.stdout.buffer.write(drawn)
    return 0


def confine() -> None:
    for what, most in LIMITS.items():
        resource.setrlimit(what, (most, most))


def draw(data: bytes, kind: str) -> bytes:
    """A PNG of at most SMALL bytes within EDGE pixels, without metadata: RGBA, or a palette with alpha if that is too
    large. A photograph is turned upright; of an animation the first picture is drawn."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=[kind])  # reads the header only
    if max(image.size) > LARGEST:
        raise TooLarge
    image.draft(None, (2 * EDGE, 2 * EDGE))  # a JPEG is decoded no larger than we need
    if image.mode == "I;16":
        image = image.point(lambda grey: grey / 256)  # or else 16 bits of grey all but become white
    image = image.convert("RGBA")
    image.thumbnail((EDGE, EDGE))
    image = ImageOps.exif_transpose(image)
    image.info.clear()
    drawn = _png(image)
    for colours in (256, 64, 16):
        if len(drawn) <= SMALL:
            break
        drawn = _png(_with_palette(image, colours))
    return drawn


def _with_palette(image: Image.Image, colours: int) -> Image.Image:
    if image.getchannel("A").getextrema() != (255, 255):
        return image.quantize(colours)
    opaque = image.convert("RGB")
    return opaque.quantize(colours, palette=opaque.quantize(colours))  # only this way Pillow dithers


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
