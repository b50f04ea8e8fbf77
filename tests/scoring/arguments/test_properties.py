"""What must never change a verdict: unrelated messages, other names for the same ids, redaction, labels."""

from __future__ import annotations

import gzip
import re
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.transcript import from_record
from conversation.verdict import Score, Verdict
from scoring.protocol import Context
from scoring.scorers.claims import ClaimsParameters, ClaimsScorer
from scoring.scorers.requests import RequestsParameters, RequestsScorer
from scoring.scorers.tool_arguments import ToolArgumentsParameters, ToolArgumentsScorer
from scoring.scorers.writes import WritesParameters, WritesScorer

SCORERS = (
    ToolArgumentsScorer(ToolArgumentsParameters()),
    WritesScorer(WritesParameters()),
    ClaimsScorer(ClaimsParameters()),
    RequestsScorer(RequestsParameters()),
)
SMALL_TALK = st.sampled_from(
    [
        "Lovely weather, isn't it?",
        "Sorry, my dog was barking.",
        "Are you still there?",
        "Thanks for your patience with me.",
    ]
)


def scores_of(record: dict[str, Any]) -> list[Score]:
    conversation = from_record(record)
    return [score for scorer in SCORERS for score in scorer.score(conversation, Context())]


def argument_verdicts(record: dict[str, Any]) -> dict[tuple[str | None, str], Verdict]:
    return {
        (score.tool_call_id, score.argument_path): score.verdict
        for score in scores_of(record)
        if score.argument_path is not None
    }


def verdicts(record: dict[str, Any]) -> list[tuple[str, Verdict, str | None]]:
    return [(score.name, score.verdict, score.argument_path) for score in scores_of(record)]


@pytest.fixture(scope="session")
def records(shared_dir: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, step in (("natural", 30), ("injected-tau", 30), ("injected-sgd", 50)):
        with gzip.open(shared_dir / "conversations" / f"{name}.jsonl.gz", "rb") as lines:
            found += [orjson.loads(line) for line in islice(lines, 0, None, step)]
    return found


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_unrelated_message_at_the_end_turns_no_argument_into_a_fault(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    record = data.draw(st.sampled_from(records))
    longer = record | {"messages": [*record["messages"], {"role": "user", "content": data.draw(SMALL_TALK)}]}
    was, now = argument_verdicts(record), argument_verdicts(longer)
    assert not [place for place, verdict in now.items() if verdict is Verdict.FAIL and was[place] is not Verdict.FAIL]


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_unrelated_message_at_the_start_turns_no_argument_into_a_fault(
    records: list[dict[str, Any]], data: st.DataObject
) -> None:
    record = data.draw(st.sampled_from(records))
    opening = [
        {"role": "user", "content": data.draw(SMALL_TALK)},
        {"role": "assistant", "content": "No problem at all."},
    ]
    was, now = argument_verdicts(record), argument_verdicts(record | {"messages": [*opening, *record["messages"]]})
    assert not [place for place, verdict in now.items() if verdict is Verdict.FAIL and was[place] is not Verdict.FAIL]


def _renamed(record: dict[str, Any], pattern: str) -> dict[str, Any]:
    """Every identifier that fits the pattern has its digits turned around consistently (0 for 9, 1 for 8 and so on)."""
    turned = str.maketrans("0123456789", "9876543210")
    text = orjson.dumps({"messages": record["messages"]}).decode()
    changed: dict[str, Any] = orjson.loads(re.sub(pattern, lambda match: match[0].translate(turned), text))
    return record | changed


def test_renaming_ids_consistently_changes_no_verdict(records: list[dict[str, Any]]) -> None:
    for record in records:
        changed = _renamed(
            record, r"\b(?:gift_card|credit_card|certificate)_\d{7}\b|\b[a-z]+_[a-z]+_\d{4}\b|\bHAT\d{3}\b"
        )
        assert verdicts(changed) == verdicts(record), record["id"]


def test_redaction_changes_no_verdict(records: list[dict[str, Any]]) -> None:
    for record in records:
        text = orjson.dumps({"messages": record["messages"]}).decode()
        hidden = re.sub(r"[\w.]+@[\w.]+\w", lambda match: f"<email:{abs(hash(match[0].lower())) % 16**8:08x}>", text)
        assert verdicts(record | orjson.loads(hidden)) == verdicts(record), record["id"]


def test_labels_are_never_read(records: list[dict[str, Any]]) -> None:
    for number, record in enumerate(records):
        other = records[(number + 7) % len(records)]
        bare = {key: value for key, value in record.items() if key not in {"label", "source", "note"}}
        assert verdicts(record | {"label": other["label"]}) == verdicts(bare)


def test_every_flagged_argument_shows_evidence_and_every_other_its_source(records: list[dict[str, Any]]) -> None:
    for record in records:
        for score in scores_of(record):
            if score.argument_path is not None:
                assert score.evidence if score.verdict is Verdict.FAIL else score.source, record["id"]
