"""SQL that lives in files beside the code: `queries/*.sql`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of `store/queries/{name}.sql`."""
    return (files("store") / "queries" / f"{name}.sql").read_text(encoding="utf-8")
