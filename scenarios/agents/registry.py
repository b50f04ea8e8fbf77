"""Opens an agent from its spec, `scheme:rest`. Built-in and third-party adapters arrive by the same door.

An adapter is a callable `(rest: str, options: AgentOptions) -> Agent` registered under the entry-point group
`floorline.agents`; the entry point's name is the scheme. `path/to/file.py:callable` needs no scheme.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from conversation.errors import UsageError
from scenarios.agents import openai_chat, python_callable, recorded
from scenarios.agents.protocol import Agent, AgentOptions

GROUP = "floorline.agents"
Opener = Callable[[str, AgentOptions], Agent]
_BUILT_IN: Mapping[str, Opener] = {
    "python": python_callable.open_agent,
    "openai": openai_chat.open_agent,
    "recorded": recorded.open_agent,
}
_FORMS = {
    "python": "python:package.module:callable",
    "openai": "openai:http://host:port/v1#model",
    "recorded": "recorded",
}


def open_agent(spec: str, options: AgentOptions | None = None) -> Agent:
    """The agent that a spec names.

    Raises:
        UsageError: The spec names no known adapter, or the adapter refuses it; the text lists what is accepted.
    """
    known = options or AgentOptions()
    scheme, _, rest = spec.partition(":")
    if scheme.endswith(".py"):
        return python_callable.open_agent(spec, known)
    opener = _BUILT_IN.get(scheme)
    if opener is None:
        opener = _plugged_in(scheme, spec)
    return opener(rest, known)


def _plugged_in(scheme: str, spec: str) -> Opener:
    found = _adapters()
    points = found.get(scheme, [])
    if len(points) > 1:
        offenders = " and ".join(point.value for point in points)
        raise UsageError(f"two adapters are registered for agents {scheme!r}: {offenders}; uninstall one")
    if not points:
        raise UsageError(f"cannot read the agent spec {spec!r}: give one of {', '.join(accepted(found))}")
    try:
        return cast("Opener", points[0].load())
    except ImportError as error:
        raise UsageError(f"the adapter {points[0].value} for agents {scheme!r} does not load: {error}") from error


def _adapters() -> dict[str, list[EntryPoint]]:
    found: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        if point not in found.setdefault(point.name, []):
            found[point.name].append(point)
    return found


def accepted(found: Mapping[str, object] | None = None) -> list[str]:
    """The forms of a spec that are accepted here."""
    others = sorted((_adapters() if found is None else found).keys() - _FORMS.keys())
    return [
        _FORMS["python"],
        "path/to/file.py:callable",
        _FORMS["openai"],
        *(f"{name}:..." for name in others),
        "recorded",
    ]
