"""Unit tests of the generated rules in Prometheus's own format, generated from the same definitions.

All objectives share four histories of an agent: every event good (quiet), every event bad (page and ticket), a share
of bad events between the ticket's and the page's threshold (ticket only), and a few bad events (quiet, too few).
Floorline's own alerts bring an example that fires and one that stays quiet.
"""

from __future__ import annotations

from typing import Any

from alerts import health, rules
from alerts.burn_rates import Windows
from alerts.indicators import Events, Moments, indicator
from alerts.objectives import ObjectivesSpec, SloSpec

AGENT = "shop"
MINUTES = 80
"""Length of the histories: a little over the longest page window that must be full, one hour."""
SHARE_OF = 1000
"""Events a minute of the history with a share of bad ones: the share is exact to a thousandth."""
Test = dict[str, Any]


def document(spec: ObjectivesSpec, windows: Windows, rule_file: str) -> dict[str, Any]:
    """The promtool test file.

    Args:
        spec: The objectives the rules were made of.
        windows: Their burn-rate windows.
        rule_file: Path of the rule file from the test file.
    """
    tests = [
        _history("every event is good", spec, windows, good=60, bad=0),
        _history("every event is bad", spec, windows, good=0, bad=60),
        *_packed(_between(spec, windows)),
        _few(spec),
        *_packed([_example(alert, spec.runbook, fires=True) for alert in health.alerts()]),
        *_packed([_example(alert, spec.runbook, fires=False) for alert in health.alerts()]),
    ]
    return {"rule_files": [rule_file], "evaluation_interval": "5m", "tests": tests}


def _history(name: str, spec: ObjectivesSpec, windows: Windows, *, good: int, bad: int) -> Test:
    """All objectives, each with so many events a minute; the alerts that follow from the share of bad ones."""
    series: dict[str, str] = {}
    checks = []
    for slo in spec.slos:
        series |= _series(slo, good, bad)
        checks.append(_expected(spec, windows, slo, bad / (good + bad)))
    return _test(name, series, checks)


def _between(spec: ObjectivesSpec, windows: Windows) -> list[Test]:
    """For each objective by events: a share of bad ones that is worth a ticket and not a page."""
    tests = []
    for slo in spec.slos:
        limits = {severity: _limit(windows, slo, severity) for severity in ("page", "ticket")}
        page, ticket = limits["page"], limits["ticket"]
        if page is None or ticket is None or isinstance(indicator(slo), Moments):
            continue
        bad = round((page + ticket) / 2 * SHARE_OF)
        if ticket < bad / SHARE_OF < page:
            series = _series(slo, SHARE_OF - bad, bad)
            expected = _expected(spec, windows, slo, bad / SHARE_OF)
            tests.append(_test(f"{slo.name}: {bad / SHARE_OF:.1%} bad is a ticket, not a page", series, [expected]))
    return tests


def _few(spec: ObjectivesSpec) -> Test:
    """One bad event in all, where at least two are needed."""
    slos = [slo for slo in spec.slos if isinstance(indicator(slo), Events) and spec.events(slo) > 1]
    series: dict[str, str] = {}
    for slo in slos:
        series |= {name: f"0+0x9 {count}+0x{MINUTES - 10}" for name, count in _grown(slo, 0, 1).items()}
    checks = [{"eval_time": "20m", "alertname": slo.alert, "exp_alerts": []} for slo in slos]
    return _test("too few events stay quiet", series, checks)


def _series(slo: SloSpec, good: int, bad: int) -> dict[str, str]:
    """Input series of an objective with so many good and bad events a minute."""
    sli = indicator(slo)
    if isinstance(sli, Moments):
        # Bad or good throughout: a gauge has no count of events.
        value = sli.limit * 2 if bad > good else sli.limit / 2
        return {sli.metric: f"{value:g}+0x{MINUTES}"}
    return {name: f"0+{count}x{MINUTES}" for name, count in _grown(slo, good, bad).items()}


def _grown(slo: SloSpec, good: int, bad: int) -> dict[str, int]:
    """By how much each series of an objective grows with so many events."""
    sli = indicator(slo)
    grown: dict[str, int] = {}
    for count, samples in ((good, sli.good_sample), (bad, sli.bad_sample)) if isinstance(sli, Events) else ():
        for sample in samples:
            name = sample.of(slo.agents[0] if slo.agents else AGENT)
            grown[name] = grown.get(name, 0) + count
    return grown


def _limit(windows: Windows, slo: SloSpec, severity: str) -> float | None:
    """The lowest threshold of a severity's window pairs; None where there is no pair."""
    limits = [windows.threshold(pair, slo.ratio) for pair in windows.alerts if pair.severity == severity]
    return min(limits, default=None)


def _expected(spec: ObjectivesSpec, windows: Windows, slo: SloSpec, share: float) -> dict[str, Any]:
    """What must fire at the end of a history with one share of bad events throughout."""
    texts = rules.burn_annotations(slo, spec.runbook_url(slo))
    labels = {} if isinstance(indicator(slo), Moments) else {"agent": slo.agents[0] if slo.agents else AGENT}
    alerts = []
    for severity in ("page", "ticket"):
        limit = _limit(windows, slo, severity)
        if limit is not None and share > limit:
            alerts.append(
                {
                    "exp_labels": {**labels, **rules.alert_labels(slo, severity)},
                    "exp_annotations": _filled(texts, labels, f"{share * 100:.4g}%"),
                }
            )
    return {"eval_time": f"{MINUTES - 10}m", "alertname": slo.alert, "exp_alerts": alerts}


def _example(alert: health.HealthAlert, runbook: str, *, fires: bool) -> Test:
    """One example of an alert on Floorline itself."""
    example = alert.examples.fires if fires else alert.examples.quiet
    expected = []
    if isinstance(example, health.FiringExample):
        texts = _filled(alert.annotations(runbook), example.labels, example.value)
        expected.append({"exp_labels": {**example.labels, "severity": alert.severity}, "exp_annotations": texts})
    check = {"eval_time": example.at, "alertname": alert.alert, "exp_alerts": expected}
    return _test(f"{alert.alert} {'fires' if fires else 'stays quiet'}", example.series, [check])


def _filled(texts: dict[str, str], labels: dict[str, str], value: str) -> dict[str, str]:
    """The annotations with their templates filled in."""
    filled = {}
    for name, text in texts.items():
        for label, content in labels.items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", content)  # noqa: PLW2901 - one pass for each label
        for function in (" | humanizePercentage", " | humanizeDuration", " | humanize", ' | printf "%.2g"'):
            text = text.replace(f"{{{{ $value{function} }}}}", value)  # noqa: PLW2901 - as above
        filled[name] = text
    return filled


def _packed(tests: list[Test]) -> list[Test]:
    """Tests that touch different metrics run as one: each evaluates every rule of the file (31 s became 3 s)."""
    packs: list[tuple[set[str], Test]] = []
    for test in tests:
        metrics = {item["series"].partition("{")[0] for item in test["input_series"]}
        for used, pack in packs:
            if not used & metrics:
                used.update(metrics)
                pack["name"] += f"; {test['name']}"
                pack["input_series"] += test["input_series"]
                pack["alert_rule_test"] += test["alert_rule_test"]
                break
        else:
            packs.append((metrics, test))
    return [pack for _, pack in packs]


def _test(name: str, series: dict[str, str], checks: list[dict[str, Any]]) -> Test:
    inputs = [{"series": key, "values": values} for key, values in series.items()]
    return {"name": name, "interval": "1m", "input_series": inputs, "alert_rule_test": checks}
