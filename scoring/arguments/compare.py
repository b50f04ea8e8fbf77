"""Compares two sets of arguments of one tool, place by place.

Strict by default: an omitted argument, an extra one and one of another type are differences. `2`, `2.0` and `"2"` are
equal only where the schema's type or a field rule says so, dates in other spellings only where the schema's `format` or
a rule says so, and lists in another order only under a rule or `uniqueItems`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from conversation.model import JSON
from scoring.arguments.leaves import Path, pointer, resolved_schemas
from scoring.arguments.normal import forms, text_form

Rule = Literal["exact", "number", "date", "text", "unordered", "ignore", "present"]
Kind = Literal["omitted", "extra", "type", "value", "length"]
_DATED = frozenset({"date", "date-time", "time"})


class FieldRules(BaseModel):
    """How fields are compared, where strictness is not wanted.

    Attributes:
        fields: Rule by JSON pointer; `*` stands for any one step (`/flights/*/date`). `number`: equal as numbers
            whatever their type; `date`: equal as dates or times whatever their spelling; `text`: equal but for case,
            spacing and punctuation; `unordered`: a list whose order does not matter; `present`: any value will do;
            `ignore`: not compared, and may be missing.
        defaults: Values that an omitted argument stands for, by JSON pointer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: dict[str, Rule] = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)

    def of(self, path: Path) -> Rule | None:
        """The rule for a place; an exact pointer wins over one with `*`."""
        exact = self.fields.get(pointer(path))
        if exact:
            return exact
        steps = [str(step) for step in path]
        for pattern, rule in self.fields.items():
            wanted = pattern.strip("/").split("/")
            if len(wanted) == len(steps) and all(one in {"*", two} for one, two in zip(wanted, steps, strict=True)):
                return rule
        return None


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two calls differ. `path` is a JSON pointer; the missing side is None."""

    path: str
    kind: Kind
    expected: JSON = None
    got: JSON = None

    def __str__(self) -> str:
        """One line for people."""
        if self.kind == "omitted":
            return f"{self.path} omitted, expected {self.expected!r}"
        if self.kind == "extra":
            return f"{self.path} not expected, got {self.got!r}"
        return f"{self.path} expected {self.expected!r}, got {self.got!r}"


_NO_RULES = FieldRules()


def compare(
    expected: dict[str, JSON],
    got: dict[str, JSON],
    schema: dict[str, JSON] | None = None,
    rules: FieldRules | None = None,
) -> list[Difference]:
    """All differences between two sets of arguments, in the order of the expected ones; extras last.

    Args:
        expected: The arguments that should have been given.
        got: The arguments that were given.
        schema: The tool's JSON Schema, None if unknown.
        rules: What may differ.

    Returns:
        The differences; empty means equal.
    """
    comparison = _Comparison(schema or {}, rules or _NO_RULES)
    return list(comparison.objects(expected, got, ()))


class _Comparison:
    def __init__(self, schema: Mapping[str, Any], rules: FieldRules) -> None:
        self._schema = schema
        self._rules = rules

    def objects(self, expected: Mapping[str, JSON], got: Mapping[str, JSON], path: Path) -> Iterable[Difference]:
        """Differences of two objects."""
        for name, value in expected.items():
            place = (*path, name)
            if self._rules.of(place) == "ignore":
                continue
            if name in got:
                yield from self.values(value, got[name], place)
            elif not self._stands_for_itself(value, place):
                yield Difference(pointer(place), "omitted", expected=value)
        for name, value in got.items():
            place = (*path, name)
            if name not in expected and self._rules.of(place) != "ignore" and not self._stands_for_itself(value, place):
                yield Difference(pointer(place), "extra", got=value)

    def _stands_for_itself(self, value: JSON, path: Path) -> bool:
        """Whether leaving an argument out means this very value: its declared default."""
        declared = self._rules.defaults.get(pointer(path), _ABSENT)
        if declared is _ABSENT:
            found = [option["default"] for option in resolved_schemas(self._schema, path) if "default" in option]
            declared = found[0] if found else _ABSENT
        return declared is not _ABSENT and not list(self.values(declared, value, path))

    def values(self, expected: JSON, got: JSON, path: Path) -> Iterable[Difference]:
        """Differences of two values in one place."""
        rule = self._rules.of(path)
        if rule in {"ignore", "present"}:
            return
        if isinstance(expected, dict) and isinstance(got, dict):
            yield from self.objects(expected, got, path)
        elif isinstance(expected, list) and isinstance(got, list):
            yield from self._lists(expected, got, path, rule)
        elif not self._equal(expected, got, path, rule):
            kind: Kind = "value" if _json_type(expected) == _json_type(got) else "type"
            yield Difference(pointer(path), kind, expected, got)

    def _lists(self, expected: list[JSON], got: list[JSON], path: Path, rule: Rule | None) -> Iterable[Difference]:
        options = resolved_schemas(self._schema, path)
        if rule == "unordered" or (rule is None and any(option.get("uniqueItems") for option in options)):
            yield from self._sets(expected, got, path)
            return
        if len(expected) != len(got):
            yield Difference(pointer(path), "length", expected, got)
            return
        for at, (one, two) in enumerate(zip(expected, got, strict=True)):
            yield from self.values(one, two, (*path, at))

    def _sets(self, expected: list[JSON], got: list[JSON], path: Path) -> Iterable[Difference]:
        left = list(enumerate(got))
        for at, wanted in enumerate(expected):
            match = next((pair for pair in left if not list(self.values(wanted, pair[1], (*path, at)))), None)
            if match is None:
                yield Difference(pointer((*path, at)), "omitted", expected=wanted)
            else:
                left.remove(match)
        for at, extra in left:
            yield Difference(pointer((*path, at)), "extra", got=extra)

    def _equal(self, expected: JSON, got: JSON, path: Path, rule: Rule | None) -> bool:
        if _json_type(expected) == _json_type(got) and expected == got:
            return True
        if isinstance(expected, bool) or isinstance(got, bool):
            return False
        options = resolved_schemas(self._schema, path)
        types = {kind for option in options for kind in _types(option)}
        formats = {option.get("format") for option in options}
        if rule == "number" or (rule is None and _numbers(expected, got) and "number" in types):
            return _same_form(expected, got, "#")
        if rule == "date" or (rule is None and formats & _DATED):
            return _same_form(expected, got, "@~")
        if rule == "text" and isinstance(expected, str) and isinstance(got, str):
            return text_form(expected) == text_form(got)
        return False


_ABSENT: Any = object()


def _types(option: Mapping[str, Any]) -> list[str]:
    kind = option.get("type")
    return [kind] if isinstance(kind, str) else list(kind or ())


def _numbers(*values: JSON) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _same_form(expected: JSON, got: JSON, sigils: str) -> bool:
    one = {form for form in forms(expected) if form[:1] in sigils}
    two = {form for form in forms(got) if form[:1] in sigils}
    return bool(one) and one == two


def _json_type(value: JSON) -> str:
    """The JSON type; integers and floats are told apart because tools may."""
    return "null" if value is None else type(value).__name__
