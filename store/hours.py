"""Which hours of a window have sums that count, and which must be read from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.client import Client
from store.times import HOUR_NS
from store.window import bound

_HOURS = """
SELECT toUnixTimestamp(hour) AS hour, max(touched) AS touched_at, max(sealed) AS sealed_at
FROM
(
    SELECT hour, hour_touches.touched_at AS touched, toDateTime64(0, 3, 'UTC') AS sealed FROM hour_touches
    WHERE project = {project:String}
    UNION ALL
    SELECT hour, toDateTime64(0, 3, 'UTC') AS touched, sealed_hours.sealed_at AS sealed FROM sealed_hours
    WHERE project = {project:String}
)
WHERE hour >= toDateTime({from_hour:UInt32}, 'UTC') AND hour <= toDateTime({to_hour:UInt32}, 'UTC')
GROUP BY hour
HAVING touched_at > toDateTime64(0, 3, 'UTC')
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a window.

    Attributes:
        window: What the window's SQL binds.
        sealed: (hour, time of its sums), for hours wholly inside the window.
        raw: Seconds of the hours to read from rows.
    """

    window: dict[str, object]
    sealed: Sequence[tuple[int, datetime]]
    raw: Sequence[int]

    def bindings(self) -> dict[str, object]:
        """Parameters for both halves of a query."""
        sealed = [(hour, round(at.timestamp() * 1000)) for hour, at in self.sealed]
        return {**self.window, "hours": list(self.raw), "sealed": sealed}


# The rows of sums that count: binds `sealed`.
SEALED = """project = {project:String} AND (hour, sealed_at) IN
    (
        SELECT toDateTime(pair.1, 'UTC'), fromUnixTimestamp64Milli(pair.2, 'UTC')
        FROM (SELECT arrayJoin({sealed:Array(Tuple(UInt32, Int64))}) AS pair)
    )"""


def hours_of(client: Client, project: str, since_ns: int | None, until_ns: int | None, *, role: str = "read") -> Hours:
    """Sort the hours of a window."""
    window = bound(project, since_ns, until_ns)
    since, until = int(str(window["since_ns"])), int(str(window["until_ns"]))
    sealed: list[tuple[int, datetime]] = []
    raw: list[int] = []
    for row in client.query(_HOURS, window, role=role):
        start = int(row["hour"])
        whole = since <= start * 1_000_000_000 and start * 1_000_000_000 + HOUR_NS <= until
        if whole and row["sealed_at"] > row["touched_at"]:
            sealed.append((start, row["sealed_at"]))
        else:
            raw.append(start)
    return Hours(window, sealed, raw)
