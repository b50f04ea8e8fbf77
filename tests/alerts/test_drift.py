from __future__ import annotations

from alerts import families
from alerts.drift import TOOL_ITSELF, DriftGauges, incident
from scoring.drift.compare import Finding, State


def finding(path: str, value: float, state: State = "drift", threshold: float = 0.1, kind: str = "shape") -> Finding:
    return Finding("refund", path, kind, state, value, threshold, 0.0, 0.0, 300, 300, "'A9' 1.0% -> 60.0%")


def test_one_incident_names_what_drifts_and_links_to_the_conversations_with_the_tool() -> None:
    found = [finding(f"/{name}", 0.5) for name in ("amount", "order", "reason", "note")]
    made = incident("shop", "1.1", "1.0", found, 7)
    assert (
        made.title
        == "shop 1.1 calls tools otherwise than 1.0: refund /amount, refund /order, refund /reason and 1 more"
    )
    assert made.labels["tool"] == "refund"
    assert not made.failing
    assert "'A9' 1.0% -> 60.0%" in made.summary


def test_gauges_say_what_the_report_says_and_forget_what_is_gone() -> None:
    registry, operations = families.registry("1")
    gauges = DriftGauges(operations)
    gauges.show(
        "shop",
        [
            finding("/amount", 0.5),
            finding("/amount", 0.2, kind="type"),
            finding("/order", 0.7, "ok"),
            finding("/note", 0.9, "not_enough_data"),
            finding("", 0.05, "ok"),
        ],
    )

    def value(argument: str, name: str = "floorline_drift_psi_ratio") -> float | None:
        return registry.get_sample_value(name, {"agent": "shop", "tool": "refund", "argument": argument})

    assert value("/amount") == 0.5
    assert value("/amount", "floorline_drift_threshold_ratio") == 0.1
    assert value("/order") == 0.1, "chance explains it: at its threshold, not above"
    assert value("/note") is None
    assert value(TOOL_ITSELF) == 0.05
    gauges.show("shop", [finding("/order", 0.01, "ok")])
    assert value("/amount") is None
    assert value("/order") == 0.01
