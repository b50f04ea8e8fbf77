"""What a judge remembers: answers by judge version and question, and what each UTC day has cost.

One SQLite file, so that processes on one machine share the cache and the budget and a restart forgets neither;
`:memory:` for a run that should leave nothing. The oldest answers go first when there are too many.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

from conversation.errors import RetryableError
from scoring.budget import DAY_NS

_SCHEMA = """
CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, version TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS spending (
    day INTEGER PRIMARY KEY, calls INTEGER NOT NULL, tokens INTEGER NOT NULL, usd REAL NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Spending:
    """What one UTC day has taken."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0


class Memory:
    """Cached answers and spending; safe to use from several threads and processes.

    Args:
        path: The SQLite file, or `:memory:`.
        most_answers: Answers to keep.

    Raises:
        RetryableError: (from any method) The file is locked or cannot be written.
    """

    def __init__(self, path: str = ":memory:", most_answers: int = 100_000) -> None:
        self._most = most_answers
        self._lock = threading.Lock()
        self._path = path
        try:
            self._database = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
            self._database.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise RetryableError(f"judge memory {path}: {error}") from error

    def answer(self, key: str) -> str | None:
        """The cached answer."""
        rows = self._run("SELECT body FROM answers WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def remember(self, key: str, version: str, body: str) -> None:
        """Cache an answer."""
        self._run("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", (key, version, body))
        self._run(
            "DELETE FROM answers WHERE rowid <= (SELECT rowid FROM answers ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
            (self._most,),
        )

    def spending(self, now_ns: int) -> Spending:
        """What today has taken so far."""
        rows = self._run("SELECT calls, tokens, usd FROM spending WHERE day = ?", (now_ns // DAY_NS,))
        return Spending(int(rows[0][0]), int(rows[0][1]), float(rows[0][2])) if rows else Spending()

    def spend(self, now_ns: int, *, calls: int = 0, tokens: int = 0, usd: float = 0.0) -> None:
        """Add to today's spending."""
        self._run(
            "INSERT INTO spending VALUES (?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET "
            "calls = calls + excluded.calls, tokens = tokens + excluded.tokens, usd = usd + excluded.usd",
            (now_ns // DAY_NS, calls, tokens, usd),
        )

    def reserve(self, now_ns: int, most_calls: int | None) -> bool:
        """Count one call before it is made, if today has one left: two processes never share the last one."""
        if most_calls is None:
            self.spend(now_ns, calls=1)
            return True
        rows = self._run(
            "INSERT INTO spending SELECT ?, 1, 0, 0 WHERE ? > 0 ON CONFLICT (day) DO UPDATE SET calls = calls + 1 "
            "WHERE calls < ? RETURNING calls",
            (now_ns // DAY_NS, most_calls, most_calls),
        )
        return bool(rows)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _run(self, sql: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                raise RetryableError(f"judge memory {self._path}: {error}") from error
