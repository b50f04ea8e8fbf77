"""`Content-Encoding`: gzip, deflate, zstd and none, never more than a bound of output whatever the input claims."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from ingest.errors import Cause, Refused

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ENCODINGS = ("identity", "gzip", "deflate", "zstd")
_GZIP_WINDOW = 31  # zlib: 15 bits of window plus 16 for the gzip header
_RAW_WINDOW = -15  # zlib: a deflate stream without its two-byte header, which some senders leave out


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /, max_length: int = ...) -> bytes: ...


def check_encoding(name: str | None) -> str:
    """The encoding in lower case, `identity` for none.

    Raises:
        Refused: Not one of `ENCODINGS` (415).
    """
    encoding = (name or "identity").strip().lower() or "identity"
    if encoding not in ENCODINGS:
        raise Refused(Cause.UNSUPPORTED_TYPE, f"content-encoding {encoding!r} is not supported: use gzip, zstd or none")
    return encoding


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before compression.

    Args:
        body: As received.
        encoding: From `check_encoding`.
        limit: Most bytes the result may have.

    Raises:
        Refused: Larger than `limit` (413); damaged or cut short (400).
    """
    if encoding == "identity":
        return body
    try:
        return _inflate(body, _opener(body, encoding), limit)
    except (zlib.error, zstd.ZstdError, EOFError) as error:
        raise Refused(Cause.BAD_DATA, f"the body is not valid {encoding}: {error}") from error


def _opener(body: bytes, encoding: str) -> Callable[[], _Decompressor]:
    if encoding == "zstd":
        return zstd.ZstdDecompressor
    if encoding == "gzip":
        return lambda: zlib.decompressobj(_GZIP_WINDOW)
    return lambda: zlib.decompressobj(zlib.MAX_WBITS if _has_zlib_header(body) else _RAW_WINDOW)


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950: method 8 and a two-byte checksum of 31; RFC 9110 asks for it, be kind without it."""
    method, checksum = 8, 31
    return len(body) > 1 and body[0] & 0x0F == method and int.from_bytes(body[:2], "big") % checksum == 0


def _inflate(body: bytes, opener: Callable[[], _Decompressor], limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while body:
        stream = opener()  # gzip members and zstd frames may follow one another
        part = stream.decompress(body, max_length=limit + 1 - size)
        size += len(part)
        if size > limit:
            raise Refused(
                Cause.TOO_LARGE, f"the body is larger than {limit} bytes after decompression: send less at once"
            )
        if not stream.eof:
            raise EOFError("it ends too early")
        parts.append(part)
        body = stream.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)
