"""What must never change a verdict: unrelated messages, other names for the same ids, redaction, labels."""

from __future__ import annotations

import gzip
import hashlib
import re
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
def lines(shared_dir: Path) -> list[bytes]:
    """Every conversation of all three files, unparsed."""
    found: list[bytes] = []
    for name in ("natural", "injected-tau", "injected-sgd"):
        with gzip.open(shared_dir / "conversations" / f"{name}.jsonl.gz", "rb") as file:
            found += file.read().splitlines()
    return found


@pytest.fixture(scope="session")
def with_addresses(lines: list[bytes]) -> list[bytes]:
    """Those that hold an e-mail address."""
    return [line for line in lines if re.search(rb"\w@\w+\.\w", line)]


@pytest.fixture(scope="session")
def records(lines: list[bytes]) -> list[dict[str, Any]]:
    """One in forty of them."""
    return [orjson.loads(line) for line in lines[::40]]


def failing(record: dict[str, Any]) -> set[tuple[str, str | None, str | None]]:
    """What fails: the score, and the argument where it is one."""
    return {
        (score.name, score.tool_call_id, score.argument_path)
        for score in scores_of(record)
        if score.verdict is Verdict.FAIL
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_unrelated_message_at_the_end_turns_nothing_into_a_fault(lines: list[bytes], data: st.DataObject) -> None:
    record = orjson.loads(data.draw(st.sampled_from(lines)))
    longer = record | {"messages": [*record["messages"], {"role": "user", "content": data.draw(SMALL_TALK)}]}
    assert failing(longer) <= failing(record)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_unrelated_exchange_before_any_message_of_the_customer_turns_no_argument_into_a_fault(
    lines: list[bytes], data: st.DataObject
) -> None:
    record = orjson.loads(data.draw(st.sampled_from(lines)))
    messages = record["messages"]
    places = [at for at, message in enumerate(messages) if message["role"] == "user"] or [0]
    at = data.draw(st.sampled_from(places))
    aside = [{"role": "user", "content": data.draw(SMALL_TALK)}, {"role": "assistant", "content": "No problem at all."}]
    was, now = (
        argument_verdicts(record),
        argument_verdicts(record | {"messages": messages[:at] + aside + messages[at:]}),
    )
    assert not [place for place, verdict in now.items() if verdict is Verdict.FAIL and was[place] is not Verdict.FAIL]


_IDENTIFIER = re.compile(r"(?=\w*[A-Za-z])\w*\d{3,}\w*")
_LAST_DIGITS = re.compile(r"(?:[Ee]nding (?:in|with)|[Ll]ast (?:4|four)(?: digits)?(?: are| is)?):? \d{4}\b")


def _renamed(record: dict[str, Any], digits: str) -> dict[str, Any]:
    """Every word of letters and at least three digits in a row gets other digits, everywhere the same.

    So do the last digits of such a word ("ending in 4421").
    """
    turned = str.maketrans("0123456789", digits)
    text = orjson.dumps({"messages": record["messages"], "tools": record["tools"]}).decode()
    for pattern in (_IDENTIFIER, _LAST_DIGITS):
        text = pattern.sub(lambda match: match[0].translate(turned), text)
    changed: dict[str, Any] = orjson.loads(text)
    return record | changed


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_renaming_ids_consistently_changes_no_verdict(lines: list[bytes], data: st.DataObject) -> None:
    record = orjson.loads(data.draw(st.sampled_from(lines)))
    digits = "".join(data.draw(st.permutations("0123456789")))
    assert verdicts(_renamed(record, digits)) == verdicts(record)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_redaction_changes_no_verdict(with_addresses: list[bytes], data: st.DataObject) -> None:
    record = orjson.loads(data.draw(st.sampled_from(with_addresses)))
    text = orjson.dumps({"messages": record["messages"]}).decode()
    key = data.draw(st.binary(min_size=4, max_size=8))
    hidden = re.sub(
        r"[\w.+-]+@[\w-]+(?:\.\w+)+",
        lambda match: f"<email:{hashlib.blake2b(match[0].lower().encode(), key=key, digest_size=8).hexdigest()}>",
        text,
    )
    assert verdicts(record | orjson.loads(hidden)) == verdicts(record)


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
