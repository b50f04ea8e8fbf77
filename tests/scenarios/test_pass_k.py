"""pass^k against published figures, brute force and its own limits."""

from __future__ import annotations

import csv
import gzip
import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.errors import UsageError
from scenarios.pass_k import Counts, estimates, interval, mean_pass_k, pass_k
from scenarios.results_file import passk_file

KS = (1, 2, 3, 4)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_the_estimate_is_the_share_of_k_subsets_that_all_passed(trials: list[bool], k: int) -> None:
    if k > len(trials):
        with pytest.raises(UsageError, match="needs at least"):
            pass_k(sum(trials), len(trials), k)
        return
    subsets = list(combinations(trials, k))
    assert pass_k(sum(trials), len(trials), k) == pytest.approx(sum(map(all, subsets)) / len(subsets))


@pytest.mark.parametrize(("passes", "trials", "k"), [(3, 2, 1), (-1, 2, 1), (1, 2, 0)])
def test_impossible_counts_are_refused(passes: int, trials: int, k: int) -> None:
    with pytest.raises(UsageError, match="not defined"):
        pass_k(passes, trials, k)


def test_no_tasks_have_no_mean() -> None:
    with pytest.raises(UsageError, match="no tasks"):
        mean_pass_k([], 1)


def test_one_task_with_too_few_trials_leaves_the_suite_undefined_and_says_so() -> None:
    [one, two] = estimates({"a": Counts(2, 2), "b": Counts(1, 1)}, (1, 2), "beta")
    assert one.value == 1.0
    assert two.value is None
    assert two.reason == "1 of 2 tasks have fewer than 2 trials"


@settings(deadline=None)  # other work on the machine must not fail a test
@given(
    st.lists(st.integers(0, 8).map(lambda passes: Counts(passes, 8)), min_size=2, max_size=20),
    st.sampled_from(["bootstrap", "beta"]),
)
def test_intervals_stay_between_0_and_1_and_are_the_same_each_time(tasks: list[Counts], method: str) -> None:
    chosen = "beta" if method == "beta" else "bootstrap"
    low, high = interval(tasks, 4, "beta" if chosen == "beta" else "bootstrap")
    assert 0 <= low <= high <= 1
    assert (low, high) == interval(tasks, 4, "beta" if chosen == "beta" else "bootstrap")


@pytest.mark.shared
def test_the_published_run_has_its_published_figures(shared_dir: Path) -> None:
    [row] = passk_file(shared_dir / "conversations" / "passk-oracle.csv", KS).rows
    assert (row.tasks, row.trials) == (50, 200)
    assert [f"{item.value:.4f}" for item in row.estimates] == ["0.4200", "0.2733", "0.2200", "0.2000"]


@pytest.mark.shared
def test_transcripts_are_told_apart_by_source(shared_dir: Path) -> None:
    rows = {row.source: row for row in passk_file(shared_dir / "conversations" / "natural.jsonl.gz", KS).rows}
    values = [f"{item.value:.4f}" for item in rows["tau-bench/gpt-4o-airline"].estimates]
    assert values == ["0.4808", "0.3590", "0.3269", "0.3077"]
    assert rows["overall"].trials == 462
    assert rows["overall"].estimates[1].value is None


TRIALS = [("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 1.0)]
TAU = [{"task_id": task, "trial": n % 2, "reward": reward, "traj": []} for n, (task, reward) in enumerate(TRIALS)]
TAU2 = {
    "simulations": [
        *({"task_id": task, "reward_info": {"reward": reward}} for task, reward in TRIALS),
        {"task_id": "a", "reward_info": None, "termination_reason": "infrastructure_error"},
    ]
}
LINES = "\n".join(json.dumps({"task_id": task, "label": {"reward": reward}}) for task, reward in TRIALS)
OURS = {
    "agent": "",
    "scenarios": [
        {"id": "a", "trials": [{"counted": True, "passed": True}, {"counted": True, "passed": False}]},
        {"id": "b", "trials": [*[{"counted": True, "passed": True}] * 2, {"counted": False, "passed": False}]},
    ],
}


def _csv(path: Path) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("task", "trial", "reward"), *((task, 0, reward) for task, reward in TRIALS)])


@pytest.mark.parametrize("form", ["tau", "tau2", "tau2-pretty", "lines", "lines.gz", "ours", "csv"])
def test_every_format_gives_the_same_figures(form: str, tmp_path: Path) -> None:
    path = tmp_path / form
    if form == "csv":
        _csv(path)
    elif form == "lines.gz":
        path.write_bytes(gzip.compress(LINES.encode()))
    else:
        texts = {
            "tau": json.dumps(TAU),
            "tau2": json.dumps(TAU2),
            "tau2-pretty": json.dumps(TAU2, indent=2),
            "lines": LINES,
            "ours": json.dumps(OURS, indent=1),
        }
        path.write_text(texts[form])
    [row] = passk_file(path, (1, 2, 4)).rows
    assert [item.value for item in row.estimates] == [0.75, 0.5, None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("{}", "task_id"),
        ('{"a": 1,\n "b": 2}', "not a results file"),
        ("[", "not JSON"),
        ("[]", "no trials"),
        ("a,b\n1,2\n", "columns task, trial, reward"),
        ("task,trial,reward\na,0,good\n", ":2: reward is 'good'"),
        ('{"task_id": "a", "label": {"reward": 1}}\n{', ":2: not JSON"),
        ('{"task_id": "a", "label": {"reward": null}}\n', ":1: reward is None"),
    ],
)
def test_what_is_no_results_file_is_refused_with_its_place(content: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "results"
    path.write_text(content)
    with pytest.raises(UsageError, match=reason):
        passk_file(path)
