"""A small stateful model of the systems behind the tools: a nested store, and what each tool reads and writes in it.

It knows paths and substitution, no conditions and no arithmetic; what needs more is a live sandbox's job.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from scenarios.spec import Json, World, WorldTool

_WHOLE = re.compile(r"\$([A-Za-z_]\w*)")
_INSIDE = re.compile(r"\$\{([A-Za-z_]\w*)\}")
_IN_PATH = re.compile(r"\$\{?(\w+)\}?")
_NOTHING = object()


class WorldError(Exception):
    """The modelled system refuses a call; the text is what the agent sees."""


class Store:
    """The state of one trial. Not shared between trials."""

    def __init__(self, world: World | None) -> None:
        self._tools: dict[str, WorldTool] = {tool.tool: tool for tool in world.tools} if world else {}
        self.state: dict[str, Json] = copy.deepcopy(world.state) if world else {}

    def models(self, tool: str) -> bool:
        """Whether this tool can be answered from state."""
        return tool in self._tools

    def call(self, tool: str, arguments: Mapping[str, Json]) -> Json:
        """What the tool returns; its writes are applied.

        Raises:
            WorldError: Something it reads or requires is not there.
        """
        model = self._tools[tool]
        for path in [*model.requires, *([model.read] if model.read else [])]:
            if _get(self.state, _parts(path, arguments)) is _NOTHING:
                raise WorldError(model.missing)
        self._write(model, arguments)
        if model.result is not None:
            return fill(model.result, arguments)
        return copy.deepcopy(_get(self.state, _parts(model.read, arguments))) if model.read else None

    def observe(self, tool: str, arguments: Mapping[str, Json]) -> None:
        """Apply the writes of a call that a recording answered, so that later reads see them."""
        if model := self._tools.get(tool):
            self._write(model, arguments)

    def _write(self, model: WorldTool, arguments: Mapping[str, Json]) -> None:
        for path, value in model.write.items():
            _set(self.state, _parts(path, arguments), fill(value, arguments))


def fill(template: Json, arguments: Mapping[str, Json]) -> Json:
    """The template with `$name` (typed) and `${name}` (inside text) replaced; an absent argument is None."""
    if isinstance(template, Mapping):
        return {key: fill(value, arguments) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, arguments) for value in template]
    if not isinstance(template, str):
        return template
    if whole := _WHOLE.fullmatch(template):
        return copy.deepcopy(arguments.get(whole.group(1)))
    return _INSIDE.sub(lambda found: str(arguments.get(found.group(1), "")), template)


def _parts(path: str, arguments: Mapping[str, Json]) -> list[str]:
    return [_IN_PATH.sub(lambda found: str(arguments.get(found.group(1), "")), part) for part in path.split("/")]


def _get(state: Json, parts: list[str]) -> Json:
    for part in parts:
        if isinstance(state, Mapping) and part in state:
            state = state[part]
        elif isinstance(state, list) and part.isdigit() and int(part) < len(state):
            state = state[int(part)]
        else:
            return _NOTHING
    return state


def _set(state: dict[str, Json], parts: list[str], value: Json) -> None:
    for part in parts[:-1]:
        below = state.get(part)
        if not isinstance(below, dict):
            below = state[part] = {}
        state = below
    state[parts[-1]] = value
