"""Who sends: API keys of projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Grant:
    """What a presented key allows: one project, some scopes (`ingest`, `read`, `admin`)."""

    project: str
    scopes: frozenset[str]
    key_id: str


class Authenticator(Protocol):
    """Turns a presented key into a grant."""

    def grant(self, presented: str | None, scope: str) -> Grant:
        """The grant of a key.

        Args:
            presented: The key as `presented` found it in the headers; None when there was none.
            scope: The scope the call needs.

        Raises:
            Refused: No key or an unknown or expired one (401); a key without that scope (403).
        """
        ...


class OpenAccess:
    """Everyone may do everything in one project: for a receiver that listens on loopback only.

    Args:
        project: The project all data goes to.
    """

    def __init__(self, project: str = "default") -> None:
        self._grant = Grant(project, frozenset({"ingest", "read", "admin"}), "")

    def grant(self, presented: str | None, scope: str) -> Grant:
        """The same grant for all."""
        del presented, scope
        return self._grant
