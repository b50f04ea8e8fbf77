"""Prometheus rules from objectives, in the shape sloth made common: three groups for each objective.

1. SLI recordings `slo:sli_error:ratio_rate<window>` for every window; over the whole period the ratio is weighted by
   traffic, not an average of ratios.
2. Metadata: objective, budget, current burn rate, what is left of the period's budget.
3. Alerts: `page` and `ticket`, each the `or` of its window pairs, with three guards: the burn factor is capped
   (`burn_rates.CAP`), too few events in the long window stay quiet, and the `window` label is dropped from both halves
   so that one problem is one alert.

Each objective has a companion that fires when spans arrive but the objective has no data: silence is not health.
Valid for Prometheus 2.42 and later.
"""

from __future__ import annotations

from typing import Any

from alerts.burn_rates import Pair, Windows, seconds
from alerts.indicators import Events, Moments, indicator, number
from alerts.objectives import ObjectivesSpec, SloSpec

Rule = dict[str, Any]
Group = dict[str, Any]
BASE = "5m"
"""Window of the recordings that the period's ratio adds up."""
NO_DATA = "FloorlineObjectiveNoData"


def groups(spec: ObjectivesSpec, windows: Windows) -> list[Group]:
    """The rule groups of all objectives, in the order of the file."""
    found: list[Group] = []
    for slo in spec.slos:
        found += [
            {"name": f"floorline-slo-sli-{slo.name}", "rules": _recordings(slo, windows)},
            {"name": f"floorline-slo-meta-{slo.name}", "rules": _metadata(slo, windows)},
            {"name": f"floorline-slo-alerts-{slo.name}", "rules": _alerts(spec, slo, windows)},
        ]
    return found


def burn_annotations(slo: SloSpec, runbook: str) -> dict[str, str]:
    """What an alert of this objective says; `$value` is the share of bad events in the short window."""
    agent = "" if slo.indicator.grading_freshness is not None else "{{ $labels.agent }}: "
    return {
        "summary": f"{agent}the error budget of {slo.name} burns too fast",
        "description": f"{slo.description} Objective {slo.objective:g} %; bad now: "
        "{{ $value | humanizePercentage }}.",
        "runbook_url": runbook,
    }


def alert_labels(slo: SloSpec, severity: str) -> dict[str, str]:
    """Labels of an objective's alert, beside `agent`: where to look for the conversations behind it."""
    spec = slo.indicator
    latency = spec.turn_latency or spec.first_token
    scorer = {
        "turn_latency": "latency",
        "first_token": "latency",
        "argument_correctness": "tool_arguments",
        "policy_adherence": "policy",
    }.get(spec.kind, spec.pass_rate.scorer if spec.pass_rate else None)
    labels = {"severity": severity, "slo": slo.name, "scorer": scorer, "turn_type": latency and latency.turn_type}
    return {name: text for name, text in labels.items() if text}


def _recordings(slo: SloSpec, windows: Windows) -> list[Rule]:
    sli = indicator(slo)
    rules: list[Rule] = []
    lengths = sorted({BASE, *windows.lengths} - {windows.period}, key=seconds)
    if isinstance(sli, Moments):
        rules.append(_record("slo:sli_error:now", sli.bad_now, slo))
        now = f"slo:sli_error:now{_only(slo)}"
        return rules + [_ratio(slo, length, f"avg_over_time({now}[{length}])") for length in [*lengths, windows.period]]
    rules.append(_record(f"slo:sli_bad:rate{BASE}", sli.bad(BASE), slo))
    rules.append(_record(f"slo:sli_events:rate{BASE}", sli.all(BASE), slo))
    rules += [_ratio(slo, length, sli.ratio(length)) for length in lengths]
    period = windows.period
    bad, events = (f"sum_over_time(slo:sli_{kind}:rate{BASE}{_only(slo)}[{period}])" for kind in ("bad", "events"))
    return [*rules, _ratio(slo, period, f"{bad}\n/\n({events} > 0)")]


def _metadata(slo: SloSpec, windows: Windows) -> list[Rule]:
    budget = number(round(1 - slo.ratio, 9))
    joined = f"/ on (slo) group_left ()\nslo:error_budget:ratio{_only(slo)}"
    info = _record("slo:info", "vector(1)", slo)
    info["labels"] |= {"objective": f"{slo.objective:g}", "period": windows.period, "indicator": slo.indicator.kind}
    return [
        _record("slo:objective:ratio", f"vector({number(slo.ratio)})", slo),
        _record("slo:error_budget:ratio", f"vector({budget})", slo),
        _record("slo:current_burn_rate:ratio", f"{_error(slo, BASE)}\n{joined}", slo),
        _record("slo:period_burn_rate:ratio", f"{_error(slo, windows.period)}\n{joined}", slo),
        _record("slo:period_error_budget_remaining:ratio", f"1 - slo:period_burn_rate:ratio{_only(slo)}", slo),
        info,
    ]


def _alerts(spec: ObjectivesSpec, slo: SloSpec, windows: Windows) -> list[Rule]:
    sli = indicator(slo)
    rules: list[Rule] = []
    for severity in ("page", "ticket"):
        pairs = [pair for pair in windows.alerts if pair.severity == severity]
        if pairs:
            branches = [_branch(slo, sli, pair, windows.threshold(pair, slo.ratio), spec.events(slo)) for pair in pairs]
            rules.append(
                {
                    "alert": slo.alert,
                    "expr": "\nor\n".join(branches),
                    "labels": alert_labels(slo, severity),
                    "annotations": burn_annotations(slo, spec.runbook_url(slo)),
                }
            )
    return [*rules, _no_data(spec, slo)]


def _branch(slo: SloSpec, sli: Events | Moments, pair: Pair, threshold: float, events: int) -> str:
    """One window pair: both halves above the threshold, and enough events to say so."""
    limit = number(threshold)
    halves = [f"max without (window) ({_error(slo, window)}) > {limit}" for window in (pair.short, pair.long)]
    guards = [f"on (agent) ({sli.enough(pair.long, events)})"] if isinstance(sli, Events) and events else []
    return "(\n  " + "\n  and ".join([*halves, *guards]) + "\n)"


def _no_data(spec: ObjectivesSpec, slo: SloSpec) -> Rule:
    """Spans arrive, yet the objective has no value: a broken scorer or label looks like health otherwise."""
    arrived = 'sum(increase(floorline_ingest_spans_total{result="accepted"}[6h])) > 0'
    measured = f"count(count_over_time({_error(slo, BASE)}[6h])) > 0"
    return {
        "alert": NO_DATA,
        "expr": f"({arrived})\nunless on () ({measured})",
        "for": "1h",
        "labels": {"severity": "ticket", "slo": slo.name},
        "annotations": {
            "summary": f"spans arrive but {slo.name} has no data",
            "description": f"{slo.description} Nothing was measured for 6 hours while spans arrived.",
            "runbook_url": f"{spec.runbook}#{NO_DATA.lower()}",
        },
    }


def _record(name: str, expr: str, slo: SloSpec) -> Rule:
    return {"record": name, "expr": expr, "labels": {"slo": slo.name}}


def _ratio(slo: SloSpec, window: str, expr: str) -> Rule:
    rule = _record(f"slo:sli_error:ratio_rate{window}", expr, slo)
    rule["labels"]["window"] = window
    return rule


def _error(slo: SloSpec, window: str) -> str:
    return f"slo:sli_error:ratio_rate{window}{_only(slo)}"


def _only(slo: SloSpec) -> str:
    return f'{{slo="{slo.name}"}}'
