from __future__ import annotations

import re
from pathlib import Path

import pytest

from conversation.transcript import read
from conversation.verdict import Verdict
from scoring.policy.backtest import backtest
from scoring.policy.examples import run_examples
from scoring.policy.load import load, shipped

FILES = {path.name.split(".")[0]: path for path in shipped()}


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_example_of_a_shipped_policy_holds(name: str) -> None:
    policy = load(FILES[name])
    wrong = [result for result in run_examples(policy) if not result.ok]
    assert not wrong, wrong
    assert all(rule.spec.examples for rule in policy.rules), "each rule has an example"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["airline", "telecom"])
def test_every_quote_stands_in_the_prose(name: str, shared_dir: Path) -> None:
    def plain(text: str) -> str:
        return re.sub(r"[\s*]+", " ", text)

    for rule in load(FILES[name]).rules:
        source = rule.spec.source
        prose = (shared_dir / "conversations" / "policies" / source.file).read_text()
        assert plain(source.quote) in plain(prose), rule.spec.id


@pytest.mark.shared
def test_no_rule_errors_on_real_conversations_and_a_back_test_counts_them_all(shared_dir: Path) -> None:
    conversations = [
        conversation
        for conversation in read(shared_dir / "conversations" / "injected-tau.jsonl.gz")
        if conversation.domain == "airline"
    ]
    rows = backtest(load(FILES["airline"]), conversations)
    assert not [row for row in rows if row.verdicts[Verdict.ERROR] > len(conversations) // 100], rows
    assert {row.verdicts.total() for row in rows} == {len(conversations)}
    assert all(len(row.failing) == min(5, row.verdicts[Verdict.FAIL]) for row in rows)
    assert all(row.judged <= len(conversations) for row in rows)
