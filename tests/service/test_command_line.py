"""The command line as its users meet it: tables, exit codes, and one line for every mistake."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.cli.main import EXIT_COULD_NOT_RUN, EXIT_USAGE, run
from tests.service.shop_traffic import visits, write_jsonl


def test_grading_a_file_writes_one_result_a_line_and_prints_a_scorecard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(6, "1.0", "1.1"))
    out = tmp_path / "results.jsonl"
    assert run(["grade", str(path), "--out", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 6
    for line in lines:
        assert {"conversation_id", "verdict", "risk", "turns", "scores"} <= set(line)
        assert 0 <= line["risk"] <= 1
        assert line["verdict"] in {"pass", "fail", "inconclusive"}
    assert "6 conversations" in capsys.readouterr().out


def test_an_operators_own_turn_types_name_the_turns_of_a_file(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(2))
    types, out = tmp_path / "types.yaml", tmp_path / "r.jsonl"
    types.write_text("rules:\n  - {type: looked_up, tool_executed: true}\n  - {type: words}\n")
    assert run(["grade", str(path), "--out", str(out), "--turn-types", str(types), "--json"]) == 0
    found = {turn["type"] for line in out.read_text().splitlines() for turn in json.loads(line)["turns"]}
    assert found <= {"looked_up", "words"}
    types.write_text("rules:\n  - {type: a, reply: ['(']}\n")
    assert run(["grade", str(path), "--out", str(out), "--turn-types", str(types)]) == EXIT_USAGE


def test_more_jobs_give_the_same_results_in_the_same_order(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(40, "1.0", "1.1"))
    results = []
    for jobs in ("1", "2"):
        out = tmp_path / f"{jobs}.jsonl"
        assert run(["grade", str(path), "--out", str(out), "--jobs", jobs, "--json"]) == 0
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        for line in lines:
            for score in line["scores"]:
                del score["scored_at"]
        results.append(lines)
    for one, other in zip(*results, strict=True):
        assert one == other


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["grade", "absent.jsonl", "--out", "r.jsonl"], EXIT_USAGE, "no file absent.jsonl"),
        (["passk", "absent.csv"], EXIT_USAGE, "absent.csv"),
        (["label", "some-id", "maybe"], EXIT_USAGE, "`pass` or `fail`"),
        (["nonsense"], EXIT_USAGE, "No such command"),
        (["label", "some-id", "pass", "--url", "http://127.0.0.1:9"], EXIT_COULD_NOT_RUN, "floorline up"),
        (["label", "some-id", "pass", "--data", "absent"], EXIT_USAGE, "no data directory"),
        (["replay", "absent", "--agent", "demo:1.2"], EXIT_USAGE, "absent"),
        (["policy", "check", "absent.yaml"], EXIT_USAGE, "absent.yaml"),
        (["up", "--config", "absent.yaml"], EXIT_USAGE, "absent.yaml"),
        (["migrate", "--cluster", "main"], EXIT_USAGE, "--print"),
        (["costs", "--by", "model", "--url", "http://127.0.0.1:9"], EXIT_COULD_NOT_RUN, "floorline up"),
    ],
)
def test_a_mistake_is_one_line_on_stderr(
    arguments: list[str], status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == status
    said = capsys.readouterr().err.strip()
    assert said.startswith("floorline: ")
    assert words in said
    assert "\n" not in said


def test_the_schema_of_a_cluster_is_printed_without_opening_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["migrate", "--cluster", "prod", "--print"]) == 0
    printed = capsys.readouterr().out
    assert "CREATE TABLE IF NOT EXISTS floorline.spans_shard ON CLUSTER prod" in printed
    assert printed.count(";\n") > 70


def test_a_broken_transcript_line_is_named_by_file_and_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(2))
    with path.open("a", encoding="utf-8") as sink:
        sink.write('{"id": "x", "messages": "none"}\n')
    assert run(["grade", str(path), "--out", str(tmp_path / "r.jsonl")]) == EXIT_USAGE
    assert "visits.jsonl:3" in capsys.readouterr().err


def test_pass_k_of_the_published_run_is_the_published_figure(
    shared_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    oracle = shared_dir / "conversations" / "passk-oracle.csv"
    assert run(["passk", str(oracle), "--k", "1,2,3,4", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    values = [f"{row['pass_k'][k]['value']:.4f}" for k in "1234"]
    assert values == ["0.4200", "0.2733", "0.2200", "0.2000"]


def test_a_pinned_probe_set_alarms_when_a_scorer_changes_its_mind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_jsonl(tmp_path / "visits.jsonl", visits(6, "1.1"))
    pins = tmp_path / "pins.jsonl"
    arguments = [str(path), "--pins", str(pins), "--scorer", "policy"]
    assert run(["probes", "pin", *arguments]) == 0
    assert run(["probes", "check", *arguments]) == 0
    pins.write_text(pins.read_text(encoding="utf-8").replace('"fail"', '"pass"'), encoding="utf-8")
    capsys.readouterr()
    assert run(["probes", "check", *arguments]) == 1
    assert "policy.identity_before_write was pass" in capsys.readouterr().err
    assert run(["probes", "pin", *arguments[:-1], "nobody"]) == EXIT_USAGE
