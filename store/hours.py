"""Which days and hours of a window have sums that count, and which hours must be read from their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from store.client import Client
from store.times import HOUR_NS, SECOND_NS
from store.window import bound

DAY_SECONDS = 86_400
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
        days: (first hour, time of its sums), for days whose hours are in neither.
    """

    window: dict[str, object]
    sealed: Sequence[tuple[int, datetime]]
    raw: Sequence[int]
    days: Sequence[tuple[int, datetime]] = ()

    def bindings(self) -> dict[str, object]:
        """Parameters for both halves of a query."""
        return {**self.window, "hours": list(self.raw), "sealed": _pairs(self.sealed), "days": _pairs(self.days)}


# The rows of sums that count: binds `sealed`; of days: binds `days`.
SEALED = """project = {project:String} AND (hour, sealed_at) IN
    (
        SELECT toDateTime(pair.1, 'UTC'), fromUnixTimestamp64Milli(pair.2, 'UTC')
        FROM (SELECT arrayJoin({sealed:Array(Tuple(UInt32, Int64))}) AS pair)
    )"""

SEALED_DAYS = SEALED.replace("{sealed:", "{days:")
_DAYS = """
SELECT toUnixTimestamp(hour) AS day, sealed_at, newest, hours FROM sealed_days FINAL
WHERE project = {project:String}
    AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND hour <= toDateTime({to_hour:UInt32}, 'UTC')
"""


def hours_of(
    client: Client,
    project: str,
    since_ns: int | None,
    until_ns: int | None,
    *,
    role: str = "read",
    days: bool = False,
) -> Hours:
    """Sort the hours of a window; with `days` into whole days first, where their sums are enough."""
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
    hours = Hours(window, sealed, raw)
    return _with_days(client, hours, until, role) if days and sealed else hours


def _with_days(client: Client, hours: Hours, until_ns: int, role: str) -> Hours:
    """Take whole days, where all hours of a day are sealed and its sums are of these very hours."""
    by_day: dict[int, list[tuple[int, datetime]]] = {}
    for hour, at in hours.sealed:
        by_day.setdefault(hour // DAY_SECONDS * DAY_SECONDS, []).append((hour, at))
    open_days = {hour // DAY_SECONDS * DAY_SECONDS for hour in hours.raw}
    days: list[tuple[int, datetime]] = []
    for row in client.query(_DAYS, hours.window, role=role):
        day, own = int(row["day"]), by_day.get(int(row["day"]), [])
        # A window that ends within a day has fewer of its hours, or has them all: the sums tell by their number.
        same = len(own) == row["hours"] and max(at for _, at in own) == row["newest"]
        if same and day not in open_days and (day + DAY_SECONDS) * SECOND_NS <= until_ns:
            days.append((day, row["sealed_at"]))
            del by_day[day]
    rest = [pair for own in by_day.values() for pair in own]
    return Hours(hours.window, rest, hours.raw, days)


def _pairs(sums: Sequence[tuple[int, datetime]]) -> list[tuple[int, int]]:
    return [(start, round(at.timestamp() * 1000)) for start, at in sums]
