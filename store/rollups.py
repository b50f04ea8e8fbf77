"""Makes the sums of hours, and of days, in which nothing is written any more.

Running it twice, or in two processes, does no harm.
"""

from __future__ import annotations

from typing import Any, get_args

from store.client import Client
from store.hours import DAY_SECONDS, SEALED, Hours, hours_of
from store.latency import DIMENSIONS, Kind, bins_sql
from store.scorecards import SCORE_DIMENSIONS, units_sql
from store.sketch import LOG_GAMMA
from store.window import bound

# An hour is sealed when nothing was written to it for so long; longer than one write of grades takes.
QUIET_SECONDS = 30
_READY = """
SELECT project, toUnixTimestamp(hour) AS hour, now64(3, 'UTC') AS sealed_at
FROM
(
    SELECT project, hour, max(hour_touches.touched_at) AS touched_at FROM hour_touches GROUP BY project, hour
) AS touches
LEFT JOIN
(
    SELECT project, hour, max(sealed_hours.sealed_at) AS sealed_at FROM sealed_hours GROUP BY project, hour
) AS seals ON seals.project = touches.project AND seals.hour = touches.hour
WHERE touches.touched_at >= seals.sealed_at AND touches.touched_at < now64(3, 'UTC') - toIntervalSecond({quiet:UInt32})
ORDER BY hour
LIMIT {limit:UInt32}
"""
_READY_DAYS = """
SELECT touches.project AS project, toUnixTimestamp(toStartOfDay(touches.hour)) AS day, max(seals.sealed_at) AS at,
    count() AS hours, now64(3, 'UTC') AS made_at
FROM
(
    SELECT project, hour, max(hour_touches.touched_at) AS touched_at FROM hour_touches GROUP BY project, hour
) AS touches
LEFT JOIN
(
    SELECT project, hour, max(sealed_hours.sealed_at) AS sealed_at FROM sealed_hours GROUP BY project, hour
) AS seals ON seals.project = touches.project AND seals.hour = touches.hour
GROUP BY project, day
HAVING countIf(touches.touched_at >= seals.sealed_at) = 0
    AND (project, toDateTime(day, 'UTC'), at, hours) NOT IN
        (SELECT project, hour, newest, toUInt64(hours) FROM sealed_days FINAL)
ORDER BY day
LIMIT {limit:UInt32}
"""
_KINDS: tuple[Kind, ...] = get_args(Kind)
_DAY_SUMS = {
    kind: f"""
INSERT INTO {kind}_days (project, hour, sealed_at, type, agent, measure, bin, turns, seconds)
SELECT project, toDateTime({{day:UInt32}}, 'UTC'), fromUnixTimestamp64Milli({{at:Int64}}, 'UTC'),
    type, agent, measure, bin, sum({kind}_hours.turns), sum({kind}_hours.seconds)
FROM {kind}_hours
WHERE {SEALED}
GROUP BY project, type, agent, measure, bin
"""
    for kind in _KINDS
}
_DAY_MARK = """
INSERT INTO sealed_days (project, hour, sealed_at, newest, hours)
SELECT {project:String}, toDateTime({day:UInt32}, 'UTC'), fromUnixTimestamp64Milli({at:Int64}, 'UTC'),
    fromUnixTimestamp64Milli({newest:Int64}, 'UTC'), {count:UInt32}
"""


class RollupStore:
    """Seals hours.

    Args:
        client: A migrated store.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def seal(self, *, quiet_seconds: int = QUIET_SECONDS, limit: int = 48) -> int:
        """Make the sums of hours that were quiet for a while, the oldest first, and of days that are all sealed.

        Returns:
            How many hours were sealed; call again while it equals the limit.
        """
        ready = self._client.query(_READY, {"quiet": quiet_seconds, "limit": limit}, role="jobs")
        for row in ready:
            self._seal(row)
        for row in self._client.query(_READY_DAYS, {"limit": limit}, role="jobs"):
            self._seal_day(row)
        return len(ready)

    def _seal_day(self, row: dict[str, Any]) -> None:
        day = int(row["day"])
        start_ns = day * 1_000_000_000
        hours = hours_of(self._client, row["project"], start_ns, start_ns + DAY_SECONDS * 1_000_000_000, role="jobs")
        still_open = any(hour < day + DAY_SECONDS for hour in hours.raw)
        if still_open or len(hours.sealed) != row["hours"] or max(at for _, at in hours.sealed) != row["at"]:
            return  # written to since; the next round finds it again
        at, newest = (round(row[name].timestamp() * 1000) for name in ("made_at", "at"))
        values = {**hours.bindings(), "day": day, "at": at, "newest": newest, "count": len(hours.sealed)}
        for kind in _KINDS:
            self._client.command(_DAY_SUMS[kind], values)
        self._client.command(_DAY_MARK, values)

    def _seal(self, row: dict[str, Any]) -> None:
        hour_ns = int(row["hour"]) * 1_000_000_000
        window = bound(row["project"], hour_ns, hour_ns + 3_600_000_000_000)
        values = {
            **Hours(window, (), [int(row["hour"])]).bindings(),
            "log_gamma": LOG_GAMMA,
            "at": round(row["sealed_at"].timestamp() * 1000),
            "hour": int(row["hour"]),
        }
        fixed = "{project:String}, toDateTime({hour:UInt32}, 'UTC'), fromUnixTimestamp64Milli({at:Int64}, 'UTC')"
        for kind in _KINDS:
            self._client.command(
                f"INSERT INTO {kind}_hours (project, hour, sealed_at, {DIMENSIONS}, measure, bin, turns, seconds) "
                f"SELECT {fixed}, * FROM ({bins_sql(kind, DIMENSIONS)})",
                values,
            )
        for dimension in SCORE_DIMENSIONS:
            self._client.command(
                "INSERT INTO score_hours (project, hour, sealed_at, dimension, agent, key, name, units, passed, "
                "failed, inconclusive, errors, not_applicable, conversations, value_sum, value_count) "
                f"SELECT {fixed}, '{dimension}', * REPLACE(ifNull(value_sum, 0) AS value_sum) "
                f"FROM ({units_sql(dimension)})",
                values,
            )
        self._client.command(f"INSERT INTO sealed_hours (project, hour, sealed_at) SELECT {fixed}", values)
