"""Tells what a replay showed: a table for people, JSON, JUnit XML and Markdown for machines and pull requests."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree as ET

from rich.table import Table

from conversation.verdict import Verdict
from scenarios.failures import describe
from scenarios.gate import GateResult
from scenarios.grade import GradedTrial
from scenarios.pass_k import Estimate
from scenarios.results_file import PassTable
from scenarios.suite import ScenarioResult, SuiteResult
from scenarios.trial import Outcome

FORMAT = 1


def number(estimate: Estimate) -> str:
    """pass^k to four digits, or a dash where it is undefined."""
    return "-" if estimate.value is None else f"{estimate.value:.4f}"


def _span(estimate: Estimate) -> str:
    return "" if estimate.low is None or estimate.high is None else f" [{estimate.low:.2f}, {estimate.high:.2f}]"


def state(result: ScenarioResult) -> str:
    """One word: green, red, loose (green, but not only on equal recordings), unsure or error."""
    counts = result.counts
    if not counts.trials:
        return "error"
    if counts.passes == counts.trials:
        return "loose" if any(trial.trial.loose for trial in result.trials) else "green"
    return "red" if result.count(Verdict.FAIL) else "unsure"


def why(result: ScenarioResult, most: int = 2) -> str:
    """The commonest reasons of the trials that did not pass."""
    reasons = Counter(reason for trial in result.trials if not trial.passed for reason in dict.fromkeys(trial.reasons))
    return "; ".join(f"{reason} x{times}" if times > 1 else reason for reason, times in reasons.most_common(most))


def rungs(trials: tuple[GradedTrial, ...]) -> dict[str, int]:
    """How often each rung of the matching ladder answered a call."""
    return dict(Counter(call.rung.value for trial in trials for call in trial.trial.calls))


_COLOURS = {"green": "green", "loose": "yellow", "red": "red", "unsure": "yellow", "error": "magenta"}


def table(suite: SuiteResult) -> Table:
    """The replay as a table, one row a scenario and a last one for the suite."""
    shown = Table(title=f"pass^k of {suite.agent}, mode {suite.mode}, {suite.trials} trials", title_justify="left")
    shown.add_column("scenario", overflow="fold")
    shown.add_column("state")
    for heading in ("passed", *(f"pass^{k}" for k in suite.ks)):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("why not", overflow="fold")
    for result in suite.results:
        counts, word = result.counts, state(result)
        figures = [number(estimate) for estimate in result.estimates(suite.ks)]
        coloured = f"[{_COLOURS[word]}]{word}[/]"
        shown.add_row(result.scenario.id, coloured, f"{counts.passes}/{counts.trials}", *figures, why(result))
    if len(suite.results) > 1:
        passes = sum(result.counts.passes for result in suite.results)
        trials = sum(result.counts.trials for result in suite.results)
        shown.add_section()
        shown.add_row("all", "", f"{passes}/{trials}", *(number(item) for item in suite.estimates()), "")
    return shown


def passk_table(passes: PassTable) -> Table:
    """pass^k of a results file by source, with 95 % intervals."""
    shown = Table(title="pass^k, mean over tasks [95 % interval]", title_justify="left")
    named = any(row.source for row in passes.rows)
    if named:
        shown.add_column("source", overflow="fold")
    for heading in ("tasks", "trials", *(f"pass^{k}" for k in passes.ks)):
        shown.add_column(heading, justify="right", no_wrap=True)
    for row in passes.rows:
        cells = [str(row.tasks), str(row.trials), *(number(item) + _span(item) for item in row.estimates)]
        shown.add_row(*([row.source] if named else []), *(cell.replace("[", r"\[") for cell in cells))
    return shown


def _estimate_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "k": estimate.k,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        **({"reason": estimate.reason} if estimate.reason else {}),
    }


def passk_json(passes: PassTable) -> dict[str, Any]:
    """`passk_table` as data."""
    return {
        "rows": [
            {
                "source": row.source,
                "tasks": row.tasks,
                "trials": row.trials,
                "passes": row.passes,
                "pass_k": [_estimate_json(item) for item in row.estimates],
            }
            for row in passes.rows
        ]
    }


def to_json(suite: SuiteResult, gate: GateResult | None = None) -> dict[str, Any]:
    """The replay as data; `floorline passk` reads it again."""
    return {
        "floorline_replay": FORMAT,
        "agent": suite.agent,
        "mode": suite.mode,
        "seed": suite.seed,
        "trials": suite.trials,
        "seconds": round(suite.seconds, 3),
        "scorecard_version": suite.scorecard_version,
        "pass_k": [_estimate_json(item) for item in suite.estimates()],
        "gate": {"expression": gate.expression, "met": gate.met, "figures": dict(gate.figures)} if gate else None,
        "scenarios": [_scenario_json(result, suite) for result in suite.results],
    }


def _scenario_json(result: ScenarioResult, suite: SuiteResult) -> dict[str, Any]:
    return {
        "id": result.scenario.id,
        "title": result.scenario.title,
        "tags": result.scenario.tags,
        "state": state(result),
        "pass_k": [_estimate_json(item) for item in result.estimates(suite.ks)],
        "rungs": rungs(result.trials),
        "trials": [_trial_json(trial) for trial in result.trials],
    }


def _trial_json(graded: GradedTrial) -> dict[str, Any]:
    trial = graded.trial
    return {
        "index": trial.index,
        "seed": trial.seed,
        "outcome": trial.outcome.value,
        "detail": trial.detail,
        "verdict": graded.verdict.value,
        "passed": graded.passed,
        "counted": graded.counted,
        "loose": trial.loose,
        "improvised": trial.improvised,
        "reasons": list(graded.reasons),
        "failed": [failure.model_dump(mode="json", exclude_defaults=True) for failure in graded.failed],
        "calls": [
            {
                "tool": call.tool,
                "arguments": dict(call.arguments),
                "rung": call.rung.value,
                **({"error": call.error} if call.error is not None else {}),
            }
            for call in trial.calls
        ],
        "miss": _miss_json(graded),
        "seconds": round(trial.seconds, 3),
        "tokens": {"input": trial.input_tokens, "output": trial.output_tokens},
        "scorecard_version": graded.scorecard_version,
    }


def _miss_json(graded: GradedTrial) -> dict[str, Any] | None:
    miss = graded.trial.miss
    if miss is None:
        return None
    closest = miss.closest.model_dump(mode="json", exclude_defaults=True) if miss.closest else None
    return {
        "tool": miss.tool,
        "arguments": dict(miss.arguments),
        "closest": closest,
        "differences": list(miss.differences),
    }


def to_junit(suite: SuiteResult) -> str:
    """JUnit XML: one test case a scenario, pass^k and rungs as properties."""
    words = [state(result) for result in suite.results]
    root = ET.Element("testsuites")
    node = ET.SubElement(
        root,
        "testsuite",
        name=f"floorline {suite.agent}",
        tests=str(len(words)),
        failures=str(sum(word in {"red", "unsure"} for word in words)),
        errors=str(words.count("error")),
        time=f"{suite.seconds:.3f}",
    )
    for result, word in zip(suite.results, words, strict=True):
        seconds = sum(trial.trial.seconds for trial in result.trials)
        case = ET.SubElement(node, "testcase", classname="floorline", name=result.scenario.id, time=f"{seconds:.3f}")
        properties = ET.SubElement(case, "properties")
        for estimate in result.estimates(suite.ks):
            ET.SubElement(properties, "property", name=f"pass^{estimate.k}", value=number(estimate))
        for name, times in rungs(result.trials).items():
            ET.SubElement(properties, "property", name=f"rung.{name}", value=str(times))
        if word in {"red", "unsure", "error"}:
            kind = "error" if word == "error" else "failure"
            ET.SubElement(case, kind, message=_plain(why(result, 1))).text = _plain(details(result))
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _plain(text: str) -> str:
    """Without the control characters that XML 1.0 cannot hold."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def details(result: ScenarioResult) -> str:
    """The first trial that did not pass, in a few lines."""
    graded = next((trial for trial in result.trials if not trial.passed), None)
    if graded is None:
        return ""
    lines = [f"trial {graded.trial.index} (seed {graded.trial.seed}): {graded.trial.outcome.value}", *graded.reasons]
    lines += [f"  {describe(failure)}: {failure.explanation}" for failure in graded.failed if failure.explanation]
    return "\n".join(lines)


def to_markdown(suite: SuiteResult, gate: GateResult | None = None) -> str:
    """The table for a pull request."""
    heads = ["scenario", "state", "passed", *(f"pass^{k}" for k in suite.ks), "why not"]
    lines = [f"### Replay of {suite.agent}: {suite.trials} trials, mode {suite.mode}", ""]
    if gate:
        lines += [f"Gate `{gate.expression}`: **{'met' if gate.met else 'missed'}**", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for result in suite.results:
        counts = result.counts
        figures = [number(estimate) for estimate in result.estimates(suite.ks)]
        cells = [result.scenario.id, state(result), f"{counts.passes}/{counts.trials}", *figures, why(result)]
        lines.append("| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |")
    whole = ", ".join(f"pass^{item.k} {number(item)}{_span(item)}" for item in suite.estimates())
    misses = sum(result.outcomes(Outcome.CASSETTE_MISS) for result in suite.results)
    return "\n".join([*lines, "", f"Suite: {whole}. Calls without a recording: {misses} trials.", ""])


def write_json(suite: SuiteResult, gate: GateResult | None = None) -> str:
    """`to_json` as text."""
    return json.dumps(to_json(suite, gate), indent=2, ensure_ascii=False) + "\n"
