"""Who sends: API keys, each of one project, hashed at rest.

A key is `fl_<id>_<secret>`. The store is one JSON file that only its owner may read, replaced as a whole; a running
service sees changes by the file's time. The secret has 256 random bits, so a plain SHA-256 is as good as a slow hash.
Rotation: `create` the new key, move senders, `revoke` or `expire` the old one; both work meanwhile.
Open mode (no key in the file) is for listeners on loopback only: `KeyFile(..., open_when_empty=True)`.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import orjson

from conversation.errors import UsageError
from ingest.errors import Busy, Cause, Refused

SCOPES: Final = ("ingest", "read", "admin")
_PREFIX: Final = "fl"
_PARTS: Final = 3
_LAST_USED_STEP_NS: Final = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Grant:
    """What a presented key allows: one project, some scopes (`ingest`, `read`, `admin`)."""

    project: str
    scopes: frozenset[str]
    key_id: str


@dataclass(frozen=True, slots=True)
class Key:
    """One API key as stored; `digest` is the SHA-256 of its secret, times are nanoseconds, 0 for never."""

    id: str
    project: str
    scopes: tuple[str, ...]
    digest: str
    created_ns: int
    expires_ns: int = 0
    last_used_ns: int = 0
    note: str = ""


class Authenticator(Protocol):
    """Turns a presented key into a grant."""

    def grant(self, presented: str | None, scope: str) -> Grant:
        """The grant of a key.

        Args:
            presented: The key as found in the headers; None when there was none.
            scope: The scope the call needs.

        Raises:
            Refused: No key or an unknown or expired one (401); a key without that scope (403).
            Busy: The keys cannot be read (503).
        """
        ...


class OpenAccess:
    """Everyone may do everything in one project: for a receiver that listens on loopback only.

    Args:
        project: The project all data goes to.
    """

    def __init__(self, project: str = "default") -> None:
        self._grant = Grant(project, frozenset(SCOPES), "")

    def grant(self, presented: str | None, scope: str) -> Grant:
        """The same grant for all."""
        del presented, scope
        return self._grant


class KeyFile:
    """The keys in one file.

    Args:
        path: The JSON file; need not exist yet.
        now_ns: Wall clock, nanoseconds since the epoch.
        open_when_empty: While there is no key, grant everything in project `default`.
    """

    def __init__(self, path: Path, *, now_ns: Callable[[], int], open_when_empty: bool = False) -> None:
        self._path, self._now_ns = path, now_ns
        self._open = OpenAccess() if open_when_empty else None
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._keys: dict[str, Key] = {}

    def grant(self, presented: str | None, scope: str) -> Grant:
        """See `Authenticator.grant`."""
        with self._lock:
            try:
                self._refresh()
            except (UsageError, OSError) as error:  # our fault, not the sender's: it must keep its data
                raise Busy(Cause.UNAVAILABLE, "the API keys cannot be read; try again later", 10) from error
            if not self._keys and self._open is not None:
                return self._open.grant(presented, scope)
            if presented is None:
                raise Refused(Cause.UNAUTHENTICATED, "no API key: send Authorization: Bearer <key> or x-api-key: <key>")
            key = self._match(presented)
            if scope not in key.scopes and "admin" not in key.scopes:
                raise Refused(Cause.FORBIDDEN, f"this API key may not {scope}: use one with that scope")
            self._touch(key)
            return Grant(key.project, frozenset(key.scopes), key.id)

    def create(
        self, project: str, scopes: Iterable[str] = ("ingest",), *, expires_ns: int = 0, note: str = ""
    ) -> tuple[Key, str]:
        """Make a key.

        Returns:
            The stored form, and the text to hand out: it cannot be shown again.

        Raises:
            UsageError: An unknown scope, no scope or an empty project.
        """
        wanted = tuple(scope for scope in SCOPES if scope in set(scopes))
        if not project or not wanted or set(scopes) - set(SCOPES):
            raise UsageError(f"a key needs a project and scopes out of {', '.join(SCOPES)}")
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        key = Key(key_id, project, wanted, _digest(secret), self._now_ns(), expires_ns, note=note)
        with self._lock:
            self._refresh()
            self._write({**self._keys, key_id: key})
        return key, f"{_PREFIX}_{key_id}_{secret}"

    def keys(self) -> list[Key]:
        """All keys, oldest first."""
        with self._lock:
            self._refresh()
            return sorted(self._keys.values(), key=lambda key: key.created_ns)

    def revoke(self, key_id: str) -> None:
        """Delete a key; it stops working at once.

        Raises:
            UsageError: There is no such key.
        """
        with self._lock:
            self._refresh()
            if key_id not in self._keys:
                raise UsageError(f"there is no key {key_id!r}: list the keys to see their ids")
            self._write({k: v for k, v in self._keys.items() if k != key_id})

    def expire(self, key_id: str, at_ns: int) -> None:
        """Let a key end at a time, for a rotation without a gap.

        Raises:
            UsageError: There is no such key.
        """
        with self._lock:
            self._refresh()
            if key_id not in self._keys:
                raise UsageError(f"there is no key {key_id!r}: list the keys to see their ids")
            self._write({**self._keys, key_id: replace(self._keys[key_id], expires_ns=at_ns)})

    def _match(self, presented: str) -> Key:
        parts = presented.split("_", _PARTS - 1)
        key = self._keys.get(parts[1]) if len(parts) == _PARTS and parts[0] == _PREFIX else None
        # An unknown id is compared too, so that time does not tell which ids exist.
        known = key.digest if key is not None else _digest("")
        if not hmac.compare_digest(known, _digest(parts[-1])) or key is None:
            raise Refused(Cause.UNAUTHENTICATED, "the API key is not known: check it, or create one")
        if key.expires_ns and key.expires_ns <= self._now_ns():
            raise Refused(Cause.UNAUTHENTICATED, "the API key has expired: create a new one")
        return key

    def _touch(self, key: Key) -> None:
        now = self._now_ns()
        if now - key.last_used_ns < _LAST_USED_STEP_NS:
            return
        self._keys[key.id] = replace(key, last_used_ns=now)
        try:
            self._write(self._keys)
        except OSError:
            return  # a full disk must not turn a good key away; the time is kept in memory

    def _refresh(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._keys, self._stamp = {}, None
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)
        if stamp == self._stamp:
            return
        try:
            rows = orjson.loads(self._path.read_bytes())
            self._keys = {row["id"]: Key(**{**row, "scopes": tuple(row["scopes"])}) for row in rows}
        except (orjson.JSONDecodeError, TypeError, KeyError) as error:
            raise UsageError(f"{self._path} is not a key file ({error}): restore it or delete it") from error
        self._stamp = stamp

    def _write(self, keys: dict[str, Key]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps([asdict(key) for key in keys.values()], option=orjson.OPT_INDENT_2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        stat = self._path.stat()
        self._keys, self._stamp = dict(keys), (stat.st_mtime_ns, stat.st_ino)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
