"""Pictures that nobody vouches for: only what is truly a PNG or JPEG of bearable size is kept."""

from __future__ import annotations

import base64
import io
import warnings

from PIL import Image

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
MAX_PIXELS = 16_000_000
MAX_PICTURE_BYTES = 10_000_000


def safe_picture(mime_type: str, content: object) -> str | None:
    """The base64 text of one whole, still picture of this type; None for anything else."""
    if mime_type not in _FORMATS or type(content) is not str or len(content) > MAX_PICTURE_BYTES:
        return None
    try:
        data = base64.b64decode("".join(content.split()), validate=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about many pixels, which are counted below
            with Image.open(io.BytesIO(data), formats=[_FORMATS[mime_type]]) as image:
                if image.width * image.height > MAX_PIXELS or getattr(image, "is_animated", False):
                    return None
                if image.format == "PNG":
                    image.verify()  # its checksums: 200 times faster than to decode it
                else:
                    image.load()
    except Exception:  # a decoder that is fed nonsense raises many kinds
        return None
    return base64.b64encode(data).decode()
