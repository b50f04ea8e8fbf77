"""Personal data out of request bodies before they touch the disk, as typed placeholders: `<email:3f9a...>`.

A placeholder's digits are a keyed HMAC-SHA256 of the value in one spelling, cut to 64 bits: the same value gives the
same placeholder in a project whatever its formatting, so equality, provenance and replay survive; without the key it
says nothing, and two of a million values collide with a chance of 3 in 100 million. Projects have keys of their own.

A body is scanned as raw bytes; only on a hit are the messages around it opened (`rewrite`). Text is seen without JSON
escapes (`escapes`); a placeholder in the place of a bare JSON number is quoted, so JSON stays JSON.

Fields. Values under the names of `secret_names` are replaced whatever they look like. `deny` and `allow` add to and
take from that: a plain name is an attribute key or a JSON member's name at any depth; a name with a leading slash is
a JSON pointer into attributes that hold JSON, such as tool arguments (`/payment/card_number`, `*` for any one step).

Not seen: numbers sent as OTLP integers (except under a denied name), names and postal addresses.
"""

from __future__ import annotations

import hmac
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from ingest.detect import ESCAPED_ASCII, Finding, find, next_start, trigger
from ingest.escapes import view
from ingest.json_fields import FieldRules
from ingest.rewrite import Rewriter

DIGITS: Final = 16
TYPES: Final = ("email", "card", "ssn", "iban", "phone", "key", "secret")
SECRET_NAMES: Final = ("password", "passwd", "passcode", "secret", "api_key", "apikey", "access_token", "cvv", "cvc")
_AROUND: Final = 120  # more than the longest address on either side of its @
_HIDDEN: Final = re.compile(ESCAPED_ASCII)


@dataclass(frozen=True, slots=True)
class Rules:
    """What is replaced.

    Attributes:
        types: Out of `TYPES`.
        allow: Names and pointers whose values stay as they are.
        deny: Names and pointers whose values are replaced whatever they are.
    """

    types: tuple[str, ...] = TYPES
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Redactor:
    """Rewrites bodies and text.

    Args:
        key: Secret of this installation, at least 16 bytes.
        rules: What is replaced.
    """

    def __init__(self, key: bytes, rules: Rules | None = None) -> None:
        self._project_key = cache(lambda project: hmac.digest(key, project.encode(), "sha256"))
        rules = rules or Rules()
        self._types = frozenset(rules.types)
        self._fields = FieldRules(
            allow=rules.allow, deny=(*rules.deny, *(SECRET_NAMES if "secret" in self._types else ()))
        )
        self._trigger: Any = trigger(*self._fields.triggers())

    def redact(self, project: str, payload: bytes, descriptor: Descriptor) -> tuple[bytes, Counter[str]]:
        """A serialized request without personal data.

        Args:
            project: Whose data it is.
            payload: Serialized and checked.
            descriptor: Its message type.

        Returns:
            The new bytes (the same object when nothing was found) and how many values of each type were replaced.
        """
        found: Counter[str] = Counter()
        hits = [match.span() for match in self._trigger.finditer(payload)]
        if not hits:
            return payload, found

        def leaf(key: str, text: bytes) -> bytes:
            return self._leaf(project, key, text, found)

        def whole(key: str, value: bytes) -> bytes | None:
            if not self._fields.denies(key):
                return None
            found["secret"] += 1
            return self._placeholder(project, "secret", _content(value))

        return Rewriter(payload, hits, leaf=leaf, whole=whole).run(descriptor), found

    def text(self, project: str, text: str) -> str:
        """One text as `redact` would store it; to look up what was stored, for instance a user to erase."""
        return self._leaf(project, "", text.encode(), Counter()).decode()

    def _leaf(self, project: str, key: str, text: bytes, found: Counter[str]) -> bytes:
        if self._fields.allows(key):
            return text

        def secret(value: bytes) -> bytes:
            found["secret"] += 1
            return self._placeholder(project, "secret", value)

        changed = self._fields.apply(text, secret, lambda inner: self._values(project, inner, found))
        return self._values(project, text, found) if changed is None else changed

    def _values(self, project: str, text: bytes, found: Counter[str]) -> bytes:
        parts: list[bytes] = []
        copied = 0
        for finding in self._findings(text):
            if finding.type not in self._types or finding.start < copied:
                continue
            quote = _bare_number_quote(text, finding.start, finding.end)
            parts += (
                text[copied : finding.start],
                quote,
                self._placeholder(project, finding.type, finding.value),
                quote,
            )
            copied = finding.end
            found[finding.type] += 1
        if not copied:
            return text
        parts.append(text[copied:])
        return b"".join(parts)

    def _findings(self, text: bytes) -> Iterator[Finding]:
        """Findings in ascending order, addressed in `text`."""
        if b"\\" not in text:
            yield from self._scan(text)
        elif _HIDDEN.search(text):
            seen = view(text)
            for f in self._scan(seen.text):
                yield Finding(seen.original(f.start), seen.original(f.end), f.type, f.value)
        else:
            yield from self._scan_windows(text)

    def _scan(self, text: bytes) -> Iterator[Finding]:
        at = 0
        while (match := self._trigger.search(text, at)) is not None:
            finding = find(text, *match.span())
            at = next_start(text, match.start()) if finding is None else finding.end
            if finding is not None:
                yield finding

    def _scan_windows(self, text: bytes) -> Iterator[Finding]:
        """As `_scan`, with escapes taken off only around each trigger: texts are long and hits are few."""
        at = 0
        while (match := self._trigger.search(text, at)) is not None:
            start, end = match.span()
            # Keys may be long; numbers and addresses are not, and a short view is cheap.
            short = b"@" in match[0] or match[0][:1] in _NUMBER_STARTS
            low, high = max(at, start - _AROUND), end + (_AROUND if short else _LONGEST)
            finding = (
                find(text, start, end) if text.find(b"\\", low, high) < 0 else self._behind(text, low, start, high)
            )
            at = next_start(text, start) if finding is None else finding.end
            if finding is not None:
                yield finding

    def _behind(self, text: bytes, low: int, start: int, high: int) -> Finding | None:
        """The first finding after `start`, looked for in `text[low:high]` without its escapes."""
        seen = view(text, low, high)
        for f in self._scan(seen.text):
            if seen.original(f.end) > start:
                return Finding(seen.original(f.start), seen.original(f.end), f.type, f.value)
        return None

    def _placeholder(self, project: str, kind: str, value: bytes) -> bytes:
        key = self._project_key(project)
        digest = hmac.digest(key, b"%s\0%s" % (kind.encode(), value), "sha256").hex()[:DIGITS]
        return f"<{kind}:{digest}>".encode()


_NUMBER_STARTS: Final = frozenset((*(b"%d" % digit for digit in range(10)), b"+"))
_LONGEST: Final = 8192  # a private key in PEM form


def load_key(path: Path) -> bytes:
    """The installation's key, made on first use; only its owner may read the file. Keep it: a new one ends equality."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    key = os.urandom(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _bare_number_quote(text: bytes, start: int, end: int) -> bytes:
    """The quote that must surround a replacement: empty unless it takes the place of a number in JSON."""
    if text[:1] not in (b"{", b"[") or not text[start:end].isdigit():
        return b""
    before = text[:start].rstrip()[-1:] if start < _AROUND else text[start - _AROUND : start].rstrip()[-1:]
    after = text[end : end + _AROUND].lstrip()[:1]
    if before not in (b":", b"[", b",") or after not in (b",", b"]", b"}"):
        return b""
    last = text.rfind(b'"', 0, start)
    backslashes = last - len(text[:last].rstrip(b"\\")) if last >= 0 else 0
    return b"\\" * backslashes + b'"'


def _content(value: bytes) -> bytes:
    """What a serialized AnyValue says, so that the same secret is equal wherever it stood."""
    parsed = AnyValue.FromString(value)
    if parsed.HasField("string_value"):
        return parsed.string_value.encode()
    return str(parsed.int_value).encode() if parsed.HasField("int_value") else value
