"""Regular expressions that are asked of every message and rarely match: RE2 says no first, `re` has the last word.

`re` tries a pattern's alternatives one after the other at every character, RE2 reads the text once: 1 microsecond
instead of 5 to 40 for a message of 240 characters, measured on 6,000 real ones. What `re` alone can do is left out of
the question put to RE2, so that RE2 may say yes too often, never no: look-arounds, the end of the text, long counts.
RE2 reads ASCII: other signs are put to it as one that no pattern names; texts with other letters go to `re` at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, cast

import re2

_LONG = 9
_KEPT = 8_192  # longer texts are not worth their memory
_OTHER = "\x01"
_MEMORY = 1 << 20
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_LOOK = ("(?=", "(?!", "(?<=", "(?<!")
# What is white space to `re` but not to RE2 becomes a tab.
_SPACES = bytes(9 if code in {0x0B, 0x1C, 0x1D, 0x1E, 0x1F} else code for code in range(256))


class Wording:
    """A regular expression for messages; used like the pattern that `re.compile` gives.

    Args:
        pattern: In the syntax of `re`.
        flags: Those of `re`.

    Raises:
        re.error: The pattern is none.
    """

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self.pattern = re.compile(pattern, flags)
        question = _relaxed(pattern)
        self._exact, self._ascii_only = question.exact, question.ascii_only
        self._ask = _compiled(question.pattern, flags)

    def occurs(self, text: str) -> bool:
        """Whether a text has it."""
        if not self._may_occur(text):
            return False
        if self._exact and self._ask is not None and text.isascii():
            return True
        return self.pattern.search(text) is not None

    def search(self, text: str) -> re.Match[str] | None:
        """The first place in a text."""
        return self.pattern.search(text) if self._may_occur(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All places in a text that do not overlap."""
        return self.pattern.finditer(text) if self._may_occur(text) else iter(())

    def sub(self, instead: str, text: str) -> str:
        """The text with something else in all places."""
        return self.pattern.sub(instead, text) if self._may_occur(text) else text

    def _may_occur(self, text: str) -> bool:
        if self._ask is None or (self._ascii_only and not text.isascii()):
            return True
        simple = _simple(text) if len(text) <= _KEPT else _simplified(text)
        return simple is None or self._ask(simple) is not None


def _simplified(text: str) -> bytes | None:
    """A text in ASCII, one byte a character; None where it has other letters."""
    if not text.isascii():
        for sign in {sign for sign in set(text) if sign > "\x7f"}:
            if sign.isalnum():
                return None
            text = text.replace(sign, "\t" if sign.isspace() else _OTHER)
    return text.encode().translate(_SPACES)


# Many patterns are asked of each message, one after the other.
_simple = lru_cache(maxsize=256)(_simplified)


def _compiled(question: str, flags: int) -> Callable[[bytes], object] | None:
    """RE2's search; None where it does not know the syntax."""
    if flags & re.VERBOSE:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = not flags & re.IGNORECASE
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    inline = ("m" if flags & re.MULTILINE else "") + ("s" if flags & re.DOTALL else "")
    try:
        search = re2.compile((f"(?{inline})" if inline else "").encode() + question.encode(), options).search
    except re2.error:
        return None
    return cast("Callable[[bytes], object]", search)


class _Question(NamedTuple):
    """What is put to RE2.

    Attributes:
        pattern: Matches at least where the original does.
        exact: It matches ASCII texts where the original does.
        ascii_only: It may miss a place in a text with other signs.
    """

    pattern: str
    exact: bool
    ascii_only: bool


def _relaxed(pattern: str) -> _Question:
    """A pattern that matches at least where this one does, in syntax that RE2 knows."""
    kept: list[str] = []
    at, exact, ascii_only = 0, True, r"\x" in pattern
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            part, at = pattern[at : at + 2], at + 2
            kept.append(r"\z" if part == r"\Z" else part)
        elif sign == "[":
            part, at = pattern[at : (end := _class_end(pattern, at))], end
            ascii_only |= part.startswith("[^") and not part.isascii()
            kept.append(_ascii(part))
        elif pattern.startswith(_LOOK, at):
            at, exact = _group_end(pattern, at), False
        elif sign == "$":
            at, exact = at + 1, False
        elif (count := _COUNT.match(pattern, at)) and int(count[3] or count[1]) > _LONG:
            # Counted one by one they would not fit into RE2's tables.
            kept.append("*")
            at, exact = count.end(), False
        else:
            kept.append(_ascii(sign))
            at += 1
    return _Question("".join(kept), exact, ascii_only)


def _ascii(part: str) -> str:
    return "".join(sign if sign.isascii() else r"\x01" for sign in part)


def _class_end(pattern: str, start: int) -> int:
    """Where the class that begins at `start` ends, its closing bracket included; it may begin with such a bracket."""
    at = start + 1 + pattern.startswith("^", start + 1)
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _group_end(pattern: str, start: int) -> int:
    """Where the group that begins at `start` ends, its closing bracket included."""
    depth, at = 0, start
    while at < len(pattern):
        sign = pattern[at]
        if sign == "\\":
            at += 2
            continue
        if sign == "[":
            at = _class_end(pattern, at)
            continue
        at += 1
        depth += (sign == "(") - (sign == ")")
        if not depth:
            break
    return at
