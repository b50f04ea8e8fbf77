"""One text of a conversation, taken apart into words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conversation.model import Role
from scoring.arguments.leaves import Path

_ABBREVIATION = range(2, 5)


@dataclass(slots=True, eq=False)
class Doc:
    """One indexed text: a message, or prose inside a tool result. Not to be changed.

    Attributes:
        number: Position in the index.
        message: Position of the message.
        role: Who said it.
        text: As it was said.
        words: Its words in lower case.
        spaced: The same where they stand in the text; see `normal.Tokens`.
        call: Number of the call whose result it is, None for a message.
        path: Where in that result.
    """

    number: int
    message: int
    role: Role
    text: str
    words: list[str]
    spaced: str
    call: int | None = None
    path: Path = ()
    _starts: list[int] | None = field(default=None, init=False, repr=False)
    _joined: str = field(default="", init=False, repr=False)
    _squeezed: str = field(default="", init=False, repr=False)
    _short: list[tuple[int, str]] | None = field(default=None, init=False, repr=False)

    @property
    def starts(self) -> list[int]:
        """Character offsets of the words; worked out when first asked for, most texts never are."""
        if self._starts is None:
            spaced, place = self.spaced, 1
            found: list[int] = []
            for word in self.words:
                place = spaced.find(word, place)
                found.append(place - 1)
                place += len(word)
            self._starts = found
        return self._starts

    @property
    def joined(self) -> str:
        """The words between single spaces, one more at either end."""
        if not self._joined:
            self._joined = f" {' '.join(self.words)} "
        return self._joined

    @property
    def squeezed(self) -> str:
        """The words without anything between them."""
        if not self._squeezed:
            self._squeezed = "".join(self.words)
        return self._squeezed

    @property
    def abbreviations(self) -> list[tuple[int, str]]:
        """Its words of two to four letters, with their positions: what may stand for a longer name."""
        if self._short is None:
            self._short = [
                (at, word) for at, word in enumerate(self.words) if len(word) in _ABBREVIATION and word.isalpha()
            ]
        return self._short

    def places(self, asked: Sequence[str]) -> Iterator[int]:
        """Positions in `words` at which these words follow each other, in order."""
        words, first = self.words, -1
        if len(asked) > 1 and f" {' '.join(asked)} " not in self.joined:
            return
        for _ in range(words.count(asked[0])):
            first = words.index(asked[0], first + 1)
            if len(asked) == 1 or words[first : first + len(asked)] == asked:
                yield first

    def last_place(self, asked: Sequence[str]) -> int | None:
        """The last of `places`; None where there is none."""
        return next(reversed(list(self.places(asked))), None)

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Character offsets of the words first to last, both inclusive."""
        if self._starts is not None:
            return self._starts[first], self._starts[last] + len(self.words[last])
        words, spaced = self.words, self.spaced
        start = -1
        for _ in range(words[: first + 1].count(words[first])):
            start = spaced.find(f" {words[first]} ", start + 1)
        end = start
        for word in words[first : last + 1]:
            end = spaced.find(word, end) + len(word)
        return start, end - 1
