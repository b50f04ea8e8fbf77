"""Reads and writes scenarios as YAML: one or several documents a file, every mistake reported with file and line.

Plain scalars follow YAML 1.2's core types: `yes`, `no`, `on` and dates are text, as a customer's words should be.
Writing is stable: the same scenario always gives the same bytes, and reading them back gives the same scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from conversation.errors import UsageError
from scenarios.spec import Scenario
from scoring.yaml_document import Document, Location

SUFFIX = ".scenario.yaml"
_WIDTH = 110
_MOST_PROBLEMS = 20


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2's scalars."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute


class _Dumper(yaml.SafeDumper):
    """Block style, indented lists, long texts as literal blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


_RESOLVERS = (
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", "~nN\0"),
    ("tag:yaml.org,2002:int", r"[-+]?[0-9]+", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
        "-+.0123456789",
    ),
)
for _tag, _pattern, _first in _RESOLVERS:
    _starts = ["" if letter == "\0" else letter for letter in _first]
    _Loader.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _starts)
    # What either version of YAML would convert is written in quotes.
    _Dumper.add_implicit_resolver(_tag, re.compile(rf"^(?:{_pattern})$"), _starts)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


_Loader.add_constructor("tag:yaml.org,2002:int", _decimal)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def _walk(node: yaml.Node, place: Location, lines: dict[Location, int], duplicates: list[str]) -> None:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*place, str(key.value))
            if here in lines:
                where = ".".join(str(part) for part in here)
                duplicates.append(f"{key.start_mark.line + 1}: {where}: this key stands twice")
            lines[here] = key.start_mark.line + 1
            _walk(value, here, lines, duplicates)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(value, (*place, index), lines, duplicates)


def _documents(path: Path) -> Iterator[Document]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is None:
                continue
            lines: dict[Location, int] = {}
            duplicates: list[str] = []
            _walk(node, (), lines, duplicates)
            data = loader.construct_document(node)
            yield Document(path, data, lines, tuple(f"{path}:{item}" for item in duplicates))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError(f"{path}:{line}: not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"{path}: not YAML: {error}") from error
    finally:
        loader.dispose()


def _checked(document: Document) -> tuple[Scenario | None, list[str]]:
    problems = list(document.duplicates)
    if not isinstance(document.data, dict):
        return None, [*problems, document.problem((), "a scenario is a mapping that starts with `format: 1`")]
    try:
        scenario = Scenario.model_validate(document.data)
    except ValidationError as error:
        return None, problems + document.problems(error)
    return (None if problems else scenario.from_file(document.path)), problems


def read(path: Path) -> list[Scenario]:
    """The scenarios of one file.

    Raises:
        UsageError: The file cannot be used; the text lists every problem, one a line, with file and line.
    """
    return read_all([path])


def files(paths: Iterable[Path]) -> list[Path]:
    """The scenario files that paths mean: a file itself, a folder's `*.scenario.yaml` at any depth.

    Raises:
        UsageError: A path does not exist, or a folder holds no scenario.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.rglob(f"*{SUFFIX}"))
            if not inside:
                raise UsageError(f"no *{SUFFIX} under {path}: name a scenario file or a folder that holds some")
            found.extend(inside)
        elif path.exists():
            found.append(path)
        else:
            raise UsageError(f"no such file or folder: {path}")
    return list(dict.fromkeys(found))


def read_all(paths: Iterable[Path]) -> list[Scenario]:
    """All scenarios of files and folders, in order; ids must differ.

    Raises:
        UsageError: Anything cannot be used; the text lists every problem of every file.
    """
    scenarios: list[Scenario] = []
    problems: list[str] = []
    for path in files(paths):
        before = len(scenarios) + len(problems)
        try:
            for document in _documents(path):
                scenario, found = _checked(document)
                problems.extend(found)
                if scenario:
                    scenarios.append(scenario)
        except UsageError as error:
            problems.append(str(error))
        if before == len(scenarios) + len(problems):
            problems.append(f"{path}: no scenario in this file")
    problems.extend(_repeated(scenarios))
    if problems:
        rest = len(problems) - _MOST_PROBLEMS
        shown = problems[:_MOST_PROBLEMS] + ([f"and {rest} more problems"] if rest > 0 else [])
        raise UsageError("\n".join(shown))
    return scenarios


def _repeated(scenarios: list[Scenario]) -> Iterator[str]:
    first: dict[str, Scenario] = {}
    for scenario in scenarios:
        known = first.setdefault(scenario.id, scenario)
        if known is not scenario:
            yield f"{scenario.file}: the id {scenario.id!r} stands in {known.file} too: give each scenario its own id"


def to_yaml(scenario: Scenario) -> str:
    """The scenario as one YAML document; what equals its default is left out."""
    data = scenario.model_dump(mode="json", exclude_defaults=True)
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False)


def write(scenario: Scenario, folder: Path) -> Path:
    """Write the scenario into a folder, named after its id; an older version of it is replaced.

    Raises:
        UsageError: The folder cannot be written.
    """
    path = folder / f"{scenario.id}{SUFFIX}"
    part = path.with_name(f".{path.name}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(to_yaml(scenario), encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error}") from error
    return path
