"""Which scorers there are: entry points of the group `floorline.scorers`, and Python files a scorecard names.

Built-in and third-party scorers come by the same door. Nothing is imported before a scorecard asks for it. Two
distributions that claim one name are refused, both named, because the winner would depend on the install order.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, cast

from conversation.errors import UsageError
from scoring.protocol import Parameters, Scorer

if TYPE_CHECKING:
    from types import ModuleType

GROUP = "floorline.scorers"


@dataclass(frozen=True, slots=True)
class Registry:
    """Names of scorers and where each class lives; classes are imported by `resolve`."""

    entries: Mapping[str, EntryPoint]

    @property
    def names(self) -> tuple[str, ...]:
        """All registered names, sorted."""
        return tuple(sorted(self.entries))

    def resolve(self, name: str) -> type[Scorer]:
        """The scorer class of a registered name.

        Raises:
            UsageError: The name is not registered, its module does not import, or it is not a scorer.
        """
        entry = self.entries.get(name)
        if entry is None:
            known = ", ".join(self.names) or "none"
            raise UsageError(f"no scorer named {name!r} is installed (known: {known}); correct the name or install it")
        try:
            found = entry.load()
        except Exception as error:
            raise UsageError(f"scorer {name!r} ({entry.value}) does not import: {error}") from error
        return _checked(found, f"{name!r} ({entry.value})")


def installed() -> Registry:
    """The scorers of every installed distribution.

    Raises:
        UsageError: Two distributions register the same name.
    """
    return of(entry_points(group=GROUP))


def of(found: Iterable[EntryPoint]) -> Registry:
    """A registry of these entry points.

    Raises:
        UsageError: The same name occurs twice for different classes.
    """
    entries: dict[str, EntryPoint] = {}
    for entry in found:
        other = entries.setdefault(entry.name, entry)
        if other.value != entry.value:
            raise UsageError(
                f"two scorers claim the name {entry.name!r}: {_origin(other)} and {_origin(entry)}; uninstall one",
            )
    return Registry(entries)


def from_file(reference: str, folder: Path) -> tuple[type[Scorer], Path]:
    """A scorer class out of a user's file.

    Args:
        reference: `path/to/file.py:Class`, the path relative to `folder`.
        folder: Where the scorecard lies.

    Returns:
        The class and the file it came from.

    Raises:
        UsageError: The reference, the file or the class cannot be used.
    """
    path_text, _, class_name = reference.rpartition(":")
    path = (folder / path_text).resolve()
    if not path_text or not class_name.isidentifier():
        raise UsageError(f"python: {reference!r} should read path/to/file.py:Class")
    if not path.is_file():
        raise UsageError(f"python: {path} does not exist")
    found = getattr(_module(path), class_name, None)
    if found is None:
        raise UsageError(f"python: {path} has no class {class_name}")
    return _checked(found, f"{class_name} of {path}"), path


def _module(path: Path) -> ModuleType:
    """The file as a module named by its content, so that two scorecards may use two versions of one file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    name = f"floorline_scorer_{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"python: {path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise UsageError(f"python: {path} does not import: {type(error).__name__}: {error}") from error
    return module


def _checked(found: object, described: str) -> type[Scorer]:
    """The class, if it has all that the scorer contract asks for."""
    lacks = [name for name in ("name", "version", "parameters_type", "score") if not hasattr(found, name)]
    if not isinstance(found, type) or lacks:
        raise UsageError(f"scorer {described} is no scorer class: it lacks {', '.join(lacks) or 'a class'}")
    parameters = getattr(found, "parameters_type", None)
    if not (isinstance(parameters, type) and issubclass(parameters, Parameters)):
        raise UsageError(f"scorer {described}: parameters_type must be a subclass of scoring.protocol.Parameters")
    return cast("type[Scorer]", found)


def _origin(entry: EntryPoint) -> str:
    """Who registers an entry point, for a message."""
    return f"{entry.value} of {entry.dist.name if entry.dist else 'an unknown distribution'}"
