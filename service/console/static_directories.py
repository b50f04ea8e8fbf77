"""Where the console's style sheets and scripts lie: its own, and the chart library's inside its Python package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).parent


def _inside(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    assert spec is not None  # noqa: S101 - a pinned dependency
    assert spec.origin is not None  # noqa: S101 - as above
    return Path(spec.origin).parent.joinpath(*parts)


STATIC = {"console": HERE / "static", "bokeh": _inside("bokeh", "server", "static", "js")}
