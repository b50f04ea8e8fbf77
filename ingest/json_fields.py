"""Which fields are replaced or left alone by name, in attributes and inside the JSON they hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from ingest.wire import varint

_WILD: Final = "*"
Change = Callable[[bytes], bytes]


class FieldRules:
    """Names (attribute keys and JSON members) and JSON pointers, allowed or denied.

    Args:
        allow: Left alone; wins over `deny`.
        deny: Replaced.
    """

    def __init__(self, *, allow: tuple[str, ...], deny: tuple[str, ...]) -> None:
        self._allow = frozenset(name for name in allow if not name.startswith("/"))
        self._deny = frozenset(name.lower() for name in deny if not name.startswith("/")) - {
            n.lower() for n in self._allow
        }
        self._allow_paths = [_steps(path) for path in allow if path.startswith("/")]
        self._deny_paths = [_steps(path) for path in deny if path.startswith("/")]
        names = b"|".join(re.escape(name).encode() for name in sorted(self._deny))
        self._member = re.compile(
            rb'(?i)(\\*)"(?:' + names + rb')\1"\s*:\s*(?:\1"(?P<text>.*?)(?<!\\)\1"|(?P<bare>-?\d[\d.eE+-]*))',
            re.DOTALL,
        )
        last = {steps[-1] for steps in (*self._deny_paths,) if steps[-1] != _WILD}
        quoted = sorted({*self._deny, *(step.lower() for step in last)})
        anyone = b"|".join(re.escape(q).encode() for q in quoted)
        self._presence = re.compile(rb'(?i)"(?:' + anyone + rb')\\*"' if quoted else rb"(?!)")
        self._names = quoted

    def triggers(self) -> list[bytes]:
        """Patterns (RE2) that find where a denied name may be: JSON member or attribute key."""
        members = (
            [rb'(?i:"(?:' + b"|".join(re.escape(n).encode() for n in self._names) + rb')\\{0,7}")']
            if self._names
            else []
        )
        # An attribute key follows its tag (field 1, 0x0a) and its length.
        keys = [b"(?i:\\x0a%s%s)" % (_byte_pattern(len(n.encode())), re.escape(n).encode()) for n in self._deny]
        wild = [rb'"[^"\\]{1,64}\\{0,7}"\s*:'] if any(steps[-1] == _WILD for steps in self._deny_paths) else []
        return members + sorted(keys) + wild

    def allows(self, key: str) -> bool:
        """Whether an attribute is left alone as a whole."""
        return key in self._allow

    def denies(self, key: str) -> bool:
        """Whether an attribute is replaced as a whole."""
        return key.lower() in self._deny

    def apply(self, text: bytes, secret: Change, other: Change) -> bytes | None:
        """Text with its fields treated by name.

        Args:
            text: The text of an attribute, perhaps JSON.
            secret: Makes a denied value's replacement.
            other: Treats everything else.

        Returns:
            The new text, or None when no rule speaks of it.
        """
        if (self._allow_paths or self._deny_paths or self._allow) and text[:1] in (b"{", b"["):
            try:
                parsed = json.loads(text)
            except ValueError:
                parsed = None
            if parsed is not None:
                return json.dumps(self._walk(parsed, (), secret, other), ensure_ascii=False).encode()
        if not self._presence.search(text):
            return None
        return other(self._member.sub(lambda match: _replaced(match, secret), text))

    def _walk(self, value: object, at: tuple[str, ...], secret: Change, other: Change) -> object:
        if self._matches(self._allow_paths, at) or (at and at[-1] in self._allow):
            return value
        scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
        if scalar and (self._matches(self._deny_paths, at) or (at and at[-1].lower() in self._deny)):
            return secret(str(value).encode()).decode()
        if isinstance(value, dict):
            return {name: self._walk(item, (*at, name), secret, other) for name, item in value.items()}
        if isinstance(value, list):
            return [self._walk(item, (*at, str(index)), secret, other) for index, item in enumerate(value)]
        if isinstance(value, str):
            inner = self.apply(value.encode("utf-8", "surrogatepass"), secret, other)
            raw = other(value.encode("utf-8", "surrogatepass")) if inner is None else inner
            return raw.decode("utf-8", "surrogatepass")
        if scalar:
            before = str(value).encode()
            after = other(before)
            return value if after == before else after.decode()
        return value

    @staticmethod
    def _matches(paths: list[tuple[str, ...]], at: tuple[str, ...]) -> bool:
        return any(
            len(path) == len(at) and all(want in (_WILD, got) for want, got in zip(path, at, strict=True))
            for path in paths
        )


def _steps(pointer: str) -> tuple[str, ...]:
    """RFC 6901 reference tokens."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def _replaced(match: re.Match[bytes], secret: Change) -> bytes:
    text = match["text"]
    begin, end = match.span("text") if text is not None else match.span("bare")
    value = match[0][begin - match.start() : end - match.start()]
    if not value:
        return match[0]
    quote = b"" if text is not None else match[1] + b'"'
    head, tail = match[0][: begin - match.start()], match[0][end - match.start() :]
    return head + quote + secret(value) + quote + tail


def _byte_pattern(length: int) -> bytes:
    """A length prefix as RE2 text."""
    return b"".join(b"\\x%02x" % byte for byte in varint(length))
