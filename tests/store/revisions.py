"""Graded revisions made up for tests."""

from __future__ import annotations

from conversation.model import (
    Agent,
    Conversation,
    Message,
    ModelCall,
    Role,
    Segment,
    SegmentKind,
    Tokens,
    ToolCall,
    Turn,
)
from conversation.verdict import Evidence, Grade, LedgerEntry, LedgerState, Score, Verdict
from store.grades import GradedRevision

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
START = 1_763_690_400 * SECOND


def revision(
    name: str = "conv",
    *,
    number: int = 1,
    verdict: Verdict = Verdict.PASS,
    start_ns: int = START,
    seconds: tuple[float, ...] = (1.5, 2.5),
    version: str = "1.0",
    digest: str = "d",
    watermark: int = 1,
    user: str | None = "ann",
    project: str = "default",
    arguments: dict[str, object] | None = None,
    state: LedgerState = LedgerState.SCORED,
) -> GradedRevision:
    call = ToolCall(
        "call-1",
        "get_order",
        {"order_id": "#W123", "lines": [1, 2.5, None, {"deep": True}], **(arguments or {})},  # type: ignore[dict-item] # JSON
        result={"ok": [True, None, 2**70]},
        started_ns=start_ns,
        ended_ns=start_ns + SECOND,
        message=1,
    )
    turns = tuple(
        Turn(
            index,
            "small_talk" if index else "tool_call",
            "where is it",
            "there \ud800",
            2 * index,
            2 * index + 1,
            start_ns + index * SECOND,
            start_ns + (index + 1) * SECOND,
            duration / 2,
            duration,
            (Segment(SegmentKind.MODEL, "m", duration - 0.5, "s1"), Segment(SegmentKind.TOOL, "get_order", 0.5)),
            () if index else (call,),
            (ModelCall("s1", start_ns, start_ns + 1, model="gpt", tokens=Tokens(10, 5, 1, 2), cost_usd=0.01),),
        )
        for index, duration in enumerate(seconds)
    )
    conversation = Conversation(
        name,
        project=project,
        user_id=user,
        agent=Agent("shop", version),
        messages=(Message(0, Role.USER, "where is it"), Message(1, Role.ASSISTANT, "there", ("call-1",))),
        turns=turns,
        started_ns=start_ns,
        ended_ns=start_ns + 60 * SECOND,
        revision=number,
        notes=("a note",),
    )
    scores = (
        Score(
            "tool_arguments",
            verdict,
            0.1,
            "ok" if verdict is Verdict.PASS else "ungrounded",
            "said so",
            0,
            "call-1",
            "/order_id",
            "#W123",
            {"kind": "user", "message": 0},
            (Evidence("message", "where", 0), Evidence("tool_call", tool_call_id="call-1", path="/order_id")),
            "1",
            "sc1",
            start_ns + 70 * SECOND,
        ),
        Score("policy.polite", Verdict.PASS, 1.0, turn=1, scorecard_version="sc1", scored_at_ns=start_ns, label="pass"),
    )
    ledger = (
        LedgerEntry("tool_arguments", state, "" if state is LedgerState.SCORED else "why"),
        LedgerEntry("policy", LedgerState.SCORED),
    )
    return GradedRevision(
        conversation,
        Grade(verdict, 0.5, scores, ledger, "sc1"),
        start_ns + 80 * SECOND + number,
        digest + str(number),
        watermark,
    )
