"""Alerts on Floorline itself, from `health.yaml`: absent metrics, stalled grading, refused spans, lost notifications.

Each alert stands beside an example that must fire and one that must stay quiet; `rule_tests` makes promtool run both.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from scoring import yaml_document

FILE = Path(__file__).with_name("health.yaml")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietExample(_Strict):
    """Series under which the alert must not fire; `series` maps a series to promtool's notation, a value a minute."""

    at: str
    series: dict[str, str]


class FiringExample(QuietExample):
    """Series under which the alert must fire with these labels; `value` is its text in the description."""

    labels: dict[str, str]
    value: str = ""


class Examples(_Strict):
    """One example for each side."""

    fires: FiringExample
    quiet: QuietExample


class HealthAlert(_Strict):
    """One alert on Floorline itself. `$value` and `$labels` may stand in its texts."""

    alert: str = Field(pattern=r"^Floorline[A-Za-z]+$")
    expr: str
    wait: str = Field(alias="for")
    severity: Literal["page", "ticket"]
    summary: str
    description: str
    examples: Examples

    def annotations(self, runbook: str) -> dict[str, str]:
        """What the alert says, with the link to its section of the runbook."""
        return {
            "summary": self.summary,
            "description": self.description,
            "runbook_url": f"{runbook}#{self.alert.lower()}",
        }


@cache
def alerts() -> tuple[HealthAlert, ...]:
    """The shipped alerts."""
    return TypeAdapter(tuple[HealthAlert, ...]).validate_python(yaml_document.read(FILE).data)


def groups(runbook: str) -> list[dict[str, Any]]:
    """The one rule group of Floorline's own health."""
    rules = [
        {
            "alert": alert.alert,
            "expr": alert.expr,
            "for": alert.wait,
            "labels": {"severity": alert.severity},
            "annotations": alert.annotations(runbook),
        }
        for alert in alerts()
    ]
    return [{"name": "floorline-health", "rules": rules}]
