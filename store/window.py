"""A window of time over the grade tables: SQL that keeps only rows that count, and what it binds."""

from __future__ import annotations

from store.times import HOUR_NS, SECOND_NS

_FAR = 2**63 - 1
_LAST_HOUR = (2**32 - 1) // 3600 * 3600

# Conversations that started in the window, in their newest revision. Rows are sorted by project and hour.
CURRENT = """project = {project:String}
    AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND hour <= toDateTime({to_hour:UInt32}, 'UTC')
    AND started_ns >= {since_ns:UInt64} AND started_ns < {until_ns:UInt64}
    AND attempt NOT IN
    (
        SELECT attempt FROM superseded
        WHERE project = {project:String}
            AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND hour <= toDateTime({to_hour:UInt32}, 'UTC')
    )"""


def bound(project: str, since_ns: int | None, until_ns: int | None) -> dict[str, object]:
    """What `CURRENT` binds; None is an open end.

    Args:
        project: Whose conversations.
        since_ns: Conversations started at or after this.
        until_ns: Conversations started before this.
    """
    since = max(0, since_ns or 0)
    until = _FAR if until_ns is None else max(0, until_ns)
    return {
        "project": project,
        "since_ns": since,
        "until_ns": until,
        "from_hour": min(since // HOUR_NS * 3600, _LAST_HOUR),
        "to_hour": min(until // SECOND_NS, _LAST_HOUR),
    }
