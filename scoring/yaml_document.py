"""A YAML file that remembers its lines, so that every problem found in it can be reported with file and line.

Duplicate keys are problems (plain YAML lets the last one win in silence). Only plain YAML types are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from conversation.errors import UsageError

Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a YAML file and the line of each part of it."""

    path: Path
    data: Any
    lines: dict[Location, int] = field(default_factory=dict)
    duplicates: tuple[str, ...] = ()

    def line(self, location: Sequence[int | str]) -> int:
        """The line (from 1) of the deepest part of `location` that the file has."""
        place = tuple(location)
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def problem(self, location: Sequence[int | str], text: str) -> str:
        """One line for a message: file, line, place and what is wrong there."""
        where = ".".join(str(part) for part in location)
        return f"{self.path}:{self.line(location)}: {where + ': ' if where else ''}{text}"

    def problems(self, error: ValidationError, prefix: Sequence[int | str] = ()) -> list[str]:
        """Each problem pydantic found, placed in the file; `prefix` is where the validated part sits."""
        places = [item["loc"] for item in error.errors()]
        # A list with a bad member is also told to be too short; only the member is worth a line.
        inner = [place for place in places if not any(other[: len(place)] == place != other for other in places)]
        return [self.problem((*prefix, *item["loc"]), item["msg"]) for item in error.errors() if item["loc"] in inner]


def read(path: Path) -> Document:
    """Read one YAML document.

    Raises:
        UsageError: The file cannot be read or is not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {error}") from error
    lines: dict[Location, int] = {}
    duplicates: list[str] = []
    if node is not None:
        _walk(node, (), lines, duplicates)
    return Document(path, data, lines, tuple(f"{path}:{item}" for item in duplicates))


def _walk(node: yaml.Node, place: Location, lines: dict[Location, int], duplicates: list[str]) -> None:
    """Note the line of every part of the tree."""
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value)
            here = (*place, name)
            if here in lines:
                duplicates.append(f"{key.start_mark.line + 1}: {name}: this key stands twice")
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines, duplicates)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines, duplicates)
