"""Phrases of messages: plain words compared word by word, `/…/` as regular expressions, `$name` as lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from conversation.wording import Wording

ANY = "*"
Says = Callable[[str], bool]


def compile_phrases(phrases: Iterable[str], lists: Mapping[str, tuple[str, ...]]) -> Says:
    """A test whether a text has one of the phrases.

    Raises:
        ValueError: An unknown list, an empty phrase or a regular expression that does not compile.
    """
    parts = [_pattern(phrase) for phrase in _expanded(phrases, lists)]
    if ANY in parts:
        return lambda _text: True
    wording = Wording("|".join(f"(?:{part})" for part in parts), re.IGNORECASE)

    def says(text: str) -> bool:
        return wording.occurs(text.replace("\u2019", "'"))

    return says


def _expanded(phrases: Iterable[str], lists: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    for phrase in phrases:
        if not phrase.startswith("$"):
            yield phrase
        elif phrase[1:] not in lists:
            raise ValueError(f"there is no list {phrase} under phrases")
        else:
            yield from lists[phrase[1:]]


def _pattern(phrase: str) -> str:
    if phrase == ANY:
        return ANY
    if len(phrase) > 2 and phrase.startswith("/") and phrase.endswith("/"):  # noqa: PLR2004 - two slashes
        try:
            re.compile(phrase[1:-1])
        except re.error as error:
            raise ValueError(f"{phrase} is no regular expression: {error}") from error
        return phrase[1:-1]
    words = re.findall(r"[\w']+", phrase.replace("\u2019", "'"))
    if not words:
        raise ValueError(f"{phrase!r} has no words")
    return r"\b" + r"[^\w']+".join(re.escape(word) for word in words) + r"\b"
