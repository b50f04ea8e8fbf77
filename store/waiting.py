"""The SQL that finds conversations with something not graded yet; shared by the grader's loop and the ledger."""

from __future__ import annotations

from store.sql import load

_RESOLVED = (
    "multiIf(links.conversation_id != '', links.conversation_id, touched_traces.best.4 != '', touched_traces.best.4, "
    "lower(hex(touched_traces.trace_id)))"
)


def waiting_sql() -> str:
    """A SELECT that binds `since_ms`, `shard` and `shards`: one row a waiting conversation."""
    return load("activity").replace("{resolved}", _RESOLVED)
