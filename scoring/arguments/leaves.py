"""Leaves of nested JSON with their paths, and the schema that governs each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from conversation.model import JSON

Path = tuple[str | int, ...]
_MAX_DEPTH = 24


@lru_cache(maxsize=8192)
def pointer(path: Path) -> str:
    """The JSON pointer of a path (RFC 6901): `/flights/0/date`."""
    return "".join(["/" + str(step).replace("~", "~0").replace("/", "~1") for step in path])


def field_of(path: Path) -> str:
    """The innermost name in a path: `date` for `/flights/0/date`, the list's name for a list's element."""
    if path and isinstance(path[-1], str):
        return path[-1]
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def leaves(value: JSON, path: Path = ()) -> Iterator[tuple[Path, JSON]]:
    """Scalars and empty containers in order of appearance, each with its path."""
    if isinstance(value, dict) and value and len(path) < _MAX_DEPTH:
        for key, child in value.items():
            yield from leaves(child, (*path, key))
    elif isinstance(value, list) and value and len(path) < _MAX_DEPTH:
        for position, child in enumerate(value):
            yield from leaves(child, (*path, position))
    else:
        yield path, value


@dataclass(frozen=True, slots=True)
class LeafSchema:
    """What a JSON Schema says of one leaf: plain facts, references resolved, alternatives merged."""

    types: frozenset[str] = frozenset()
    enum: tuple[JSON, ...] = ()
    description: str = ""
    default: JSON = None
    has_default: bool = False
    format: str = ""


_UNKNOWN = LeafSchema()


def _resolve(schema: Any, root: Mapping[str, Any], depth: int = 0) -> list[Mapping[str, Any]]:
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return []
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        target: Any = root
        for step in reference[2:].split("/"):
            target = target.get(step) if isinstance(target, Mapping) else None
        return _resolve(target, root, depth + 1)
    found = [schema]
    for word in ("anyOf", "oneOf", "allOf"):
        for option in schema.get(word) or ():
            found.extend(_resolve(option, root, depth + 1))
    return found


def resolved_schemas(root: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    """The schemas that govern the place at `path`: references resolved, alternatives side by side."""
    options = _resolve(root, root) if root else []
    for step in path:
        below: list[Mapping[str, Any]] = []
        for option in options:
            child = (option.get("properties") or {}).get(step) if isinstance(step, str) else option.get("items")
            if child is not None:
                below.extend(_resolve(child, root))
        options = below
    return options


def leaf_schema(root: Mapping[str, Any] | None, path: Path) -> LeafSchema:
    """The schema of the leaf at `path` of an object governed by `root`; empty where nothing is known."""
    if not root:
        return _UNKNOWN
    # All elements of a list have one schema.
    place = tuple(0 if isinstance(step, int) else step for step in path)
    try:
        return _known_leaf_schema(orjson.dumps(root), place)
    except orjson.JSONEncodeError:  # a schema made in memory may hold what no JSON has
        return _leaf_schema(root, place)


@lru_cache(maxsize=4096)
def _known_leaf_schema(root: bytes, path: Path) -> LeafSchema:
    return _leaf_schema(orjson.loads(root), path)


def _leaf_schema(root: Mapping[str, Any], path: Path) -> LeafSchema:
    options = resolved_schemas(root, path)
    return _merge(options) if options else _UNKNOWN


def _merge(options: list[Mapping[str, Any]]) -> LeafSchema:
    types: set[str] = set()
    enum: list[JSON] = []
    for option in options:
        kind = option.get("type")
        types.update([kind] if isinstance(kind, str) else kind or ())
        enum.extend(option.get("enum") or ([option["const"]] if "const" in option else []))
    defaulted = next((option for option in options if "default" in option), None)
    return LeafSchema(
        types=frozenset(types),
        enum=tuple(enum),
        description=next((str(option["description"]) for option in options if option.get("description")), ""),
        default=defaulted["default"] if defaulted else None,
        has_default=defaulted is not None,
        format=next((str(option["format"]) for option in options if option.get("format")), ""),
    )
