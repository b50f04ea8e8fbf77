r"""Text inside JSON strings, seen without its escapes and still addressable in the original bytes.

`"\nann@example.org"` must be seen as a line break and an address, not as `nann@example.org`; and `ann@example.org`
may hide as `ann\u0040example.org`. JSON inside JSON doubles the escapes, so views are taken until none is left.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

_DEPTH: Final = 4
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}
_OTHER: Final = b"\x1a"  # stands for a character that is no ASCII: no pattern matches it


@dataclass(frozen=True, slots=True)
class View:
    """A stretch of text without escapes.

    Attributes:
        text: What a reader sees; one byte for each escaped character.
        starts: Offsets in `text`, ascending, from which on `shifts` hold.
        shifts: What to add to an offset in `text` for the offset in the original.
    """

    text: bytes
    starts: list[int]
    shifts: list[int]

    def original(self, at: int) -> int:
        """Offset in the original text of an offset in `text`."""
        return at + self.shifts[bisect_right(self.starts, at) - 1]


def view(text: bytes, start: int = 0, end: int | None = None) -> View:
    """A view of `text[start:end]`; offsets of `original` are those of `text`."""
    while start and text[start - 1 : start] == b"\\":
        start -= 1  # never begin inside a run of backslashes: its parity says what is escaped
    piece = text[start:end]
    seen = View(piece, [0], [start])
    for _ in range(_DEPTH):
        if b"\\" not in seen.text:
            break
        seen = _unescape(seen)
    return seen


def _unescape(outer: View) -> View:
    parts: list[bytes] = []
    starts: list[int] = []
    shifts: list[int] = []
    at = length = 0

    def keep(begin: int, finish: int) -> None:
        nonlocal length
        offset = begin
        while offset < finish:  # a kept piece may cross shifts of the outer view
            index = bisect_right(outer.starts, offset)
            until = min(finish, outer.starts[index] if index < len(outer.starts) else finish)
            starts.append(length)
            shifts.append(outer.shifts[index - 1] + offset - length)
            length += until - offset
            offset = until
        parts.append(outer.text[begin:finish])

    for escape in _ESCAPE.finditer(outer.text):
        keep(at, escape.start())
        starts.append(length)
        shifts.append(outer.original(escape.start()) - length)
        parts.append(_character(escape))
        length += 1
        at = escape.end()
    keep(at, len(outer.text))
    starts.append(length)
    shifts.append(outer.original(len(outer.text)) - length)
    return View(b"".join(parts), starts, shifts)


def _character(escape: re.Match[bytes]) -> bytes:
    if escape[1] is None:
        return _PLAIN.get(escape[2], escape[2])
    code = int(escape[1], 16)
    return bytes([code]) if code < 0x80 else _OTHER  # noqa: PLR2004 - the end of ASCII
