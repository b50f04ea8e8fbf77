"""Answers an agent's tool calls from recordings, by a ladder that is climbed one rung at a time.

| rung | fits when | reads | writes |
|---|---|---|---|
| `strict` | arguments equal, next of its tool in recorded order | yes | yes |
| `strict_any_order` | arguments equal, order differs, or a read asked again | yes | yes |
| `subset` | the arguments listed under `matching.keys` are equal | yes | no |
| `normalized` | equal but for case, spaces, number and date form | yes | no |
| `nearest` | the closest recording of the tool; off unless asked for | yes | no |
| `stateful` | the scenario's `world` models the tool | yes | yes |
| `live` | a sandbox was given for this run | yes | yes |
| `miss` | nothing fits: an outcome of its own, with the closest recording and the differences | | |

A recorded read is true only in the state it was read in: it fits when the writes that touch it are the same ones that
came before it in the recording. So a repeated read gives the last recorded value until a write intervenes. A write
touches a read when an id-like argument of it (a text with a digit; without one, any text) occurs in the read's
arguments or result.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from conversation.errors import PermanentError
from scenarios.agents.protocol import Sandbox
from scenarios.spec import Json, Recording, Scenario
from scenarios.values import canonical, difference, leaves, normalized, similarity
from scenarios.world import Store, WorldError


class Rung(StrEnum):
    """How a call was answered."""

    STRICT = "strict"
    STRICT_ANY_ORDER = "strict_any_order"
    SUBSET = "subset"
    NORMALIZED = "normalized"
    NEAREST = "nearest"
    STATEFUL = "stateful"
    LIVE = "live"
    MISS = "miss"


EXACT = frozenset({Rung.STRICT, Rung.STRICT_ANY_ORDER})


@dataclass(frozen=True, slots=True)
class Miss:
    """A call that nothing answers: the closest recording of the tool and how it differs."""

    tool: str
    arguments: Mapping[str, Json]
    closest: Recording | None
    differences: tuple[str, ...]

    def __str__(self) -> str:
        if self.closest is None:
            return f"{self.tool}: no call of this tool was recorded"
        if not self.differences:
            return f"{self.tool}: recorded, but not after these writes, or not this often"
        return f"{self.tool}: closest recording differs at {'; '.join(self.differences)}"


class CassetteMissError(PermanentError):
    """No recording answers a call; the trial ends with its own outcome."""

    def __init__(self, miss: Miss) -> None:
        super().__init__(str(miss))
        self.miss = miss


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool returned in a trial, by which rung; `result` or `error`, after `seconds`."""

    rung: Rung
    result: Json = None
    error: str | None = None
    seconds: float = 0.0


class Cassette:
    """The recordings of one scenario during one trial; holds what was played, so it is not shared.

    Args:
        scenario: Whose recordings to play.
        live: Answers what neither recordings nor the world know; None turns that rung off.
        loose: Whether reads may match below `strict_any_order`.
    """

    def __init__(self, scenario: Scenario, live: Sandbox | None = None, *, loose: bool = True) -> None:
        self.store = Store(scenario.world)
        self._scenario, self._live, self._loose = scenario, live, loose
        self._recordings = scenario.recordings
        self._equal = [canonical(item.arguments) for item in self._recordings]
        self._writes = [self._is_write(item.tool) for item in self._recordings]
        self._played: set[int] = set()
        # Each write so far: its recording, or None where it had none, with the values of its arguments.
        self._written: list[tuple[int | None, frozenset[str]]] = []

    def _is_write(self, name: str) -> bool:
        tool = self._scenario.tool(name)
        return tool is None or tool.kind == "write"

    def play(self, tool: str, arguments: Mapping[str, Json]) -> Answer:
        """Answer one call.

        Raises:
            CassetteMissError: No rung fits.
        """
        index, rung = self._find(tool, arguments)
        if index is not None:
            recording = self._recordings[index]
            self._played.add(index)
            self._note(tool, arguments, index)
            if recording.error is None:
                self.store.observe(tool, arguments)
            return Answer(rung, copy.deepcopy(recording.result), recording.error, recording.seconds)
        if self.store.models(tool):
            return self._modelled(tool, arguments)
        if self._live is not None:
            result = self._live(tool, arguments)
            self._note(tool, arguments, None)
            return Answer(Rung.LIVE, result)
        raise CassetteMissError(self._miss(tool, arguments))

    def _modelled(self, tool: str, arguments: Mapping[str, Json]) -> Answer:
        try:
            result = self.store.call(tool, arguments)
        except WorldError as error:
            return Answer(Rung.STATEFUL, error=str(error))
        self._note(tool, arguments, None)
        return Answer(Rung.STATEFUL, result)

    def _note(self, tool: str, arguments: Mapping[str, Json], index: int | None) -> None:
        if self._is_write(tool) and (index is None or self._recordings[index].error is None):
            self._written.append((index, _named(arguments)))

    def _find(self, tool: str, arguments: Mapping[str, Json]) -> tuple[int | None, Rung]:
        mine = [index for index, item in enumerate(self._recordings) if item.tool == tool]
        wanted = canonical(arguments)
        equal = [index for index in mine if self._equal[index] == wanted]
        if self._is_write(tool):
            fresh = [index for index in equal if index not in self._played]
            return (fresh[0], self._order(fresh[0], mine)) if fresh else (None, Rung.MISS)
        if (index := self._valid(equal)) is not None:
            return index, self._order(index, mine)
        if not self._loose:
            return None, Rung.MISS
        return self._loosely(tool, arguments, mine, equal)

    def _order(self, index: int, mine: list[int]) -> Rung:
        """STRICT where the recording is the next of its tool that was not played yet."""
        following = next((other for other in mine if other not in self._played), None)
        return Rung.STRICT if following == index else Rung.STRICT_ANY_ORDER

    def _loosely(
        self, tool: str, arguments: Mapping[str, Json], mine: list[int], equal: list[int]
    ) -> tuple[int | None, Rung]:
        matching = self._scenario.matching
        if keys := matching.keys.get(tool):
            part = canonical({key: arguments.get(key) for key in keys})
            same = [
                index
                for index in mine
                if canonical({key: self._recordings[index].arguments.get(key) for key in keys}) == part
            ]
            if (index := self._valid(same)) is not None:
                return index, Rung.SUBSET
        if matching.normalized:
            plain = canonical(normalized(arguments))
            same = [index for index in mine if canonical(normalized(self._recordings[index].arguments)) == plain]
            if (index := self._valid(same)) is not None:
                return index, Rung.NORMALIZED
        if matching.nearest and mine:
            return max(equal or mine, key=lambda index: similarity(self._recordings[index].arguments, arguments)), (
                Rung.NEAREST
            )
        return None, Rung.MISS

    def _valid(self, candidates: list[int]) -> int | None:
        """The recording to play among equal reads: the first fresh one true in this state, else the last played."""
        true_now = [index for index in candidates if self._holds(index)]
        fresh = [index for index in true_now if index not in self._played]
        return fresh[0] if fresh else (true_now[-1] if true_now else None)

    def _holds(self, index: int) -> bool:
        recording = self._recordings[index]
        seen = _values(recording.arguments) | _values(recording.result)
        before = {
            other
            for other in range(index)
            if self._writes[other]
            and self._recordings[other].error is None
            and _touches(_named(self._recordings[other].arguments), seen)
        }
        now = {number for number, values in self._written if _touches(values, seen)}
        return before == now

    def _miss(self, tool: str, arguments: Mapping[str, Json]) -> Miss:
        mine = [item for item in self._recordings if item.tool == tool]
        closest = max(mine, key=lambda item: similarity(item.arguments, arguments), default=None)
        differences = difference(closest.arguments, arguments) if closest else []
        return Miss(tool, dict(arguments), closest, tuple(differences))


def _values(value: Json) -> frozenset[str]:
    return frozenset(str(leaf) for _, leaf in leaves(value) if isinstance(leaf, str) and leaf)


def _named(arguments: Mapping[str, Json]) -> frozenset[str]:
    """What a write is about: its id-like texts. An enum such as a cabin class would touch half of all reads."""
    values = _values(arguments)
    return frozenset(value for value in values if any(map(str.isdigit, value))) or values


def _touches(written: frozenset[str], seen: frozenset[str]) -> bool:
    return not written or not written.isdisjoint(seen)
