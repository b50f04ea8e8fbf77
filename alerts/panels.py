"""What the Grafana dashboards show, read from `boards/*.yaml`: rows of panels, each with its PromQL.

Three boards: what customers get, what is promised, how Floorline itself is doing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from scoring import yaml_document

FOLDER = Path(__file__).parent / "boards"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuerySpec(_Strict):
    """A PromQL expression, the legend of its series, and whether dots lead to conversations."""

    expr: str
    legend: str = ""
    exemplars: bool = False


class PanelSpec(_Strict):
    """One panel. `limits` of a figure map a colour to the value from which it holds; None is the lowest."""

    title: str
    about: str
    unit: str
    kind: Literal["graph", "figure", "table", "heatmap"] = "graph"
    stacked: bool = False
    limits: dict[str, float | None] = {}
    queries: tuple[QuerySpec, ...] = Field(min_length=1, max_length=8)


class RowSpec(_Strict):
    """Panels under one heading."""

    title: str
    panels: tuple[PanelSpec, ...]


class BoardSpec(_Strict):
    """A dashboard; `variables` map a name to a Grafana label query."""

    title: str
    about: str
    variables: dict[str, str]
    rows: tuple[RowSpec, ...]


def boards() -> dict[str, BoardSpec]:
    """The dashboards by name."""
    paths = sorted(FOLDER.glob("*.yaml"))
    return {path.stem: BoardSpec.model_validate(yaml_document.read(path).data) for path in paths}
