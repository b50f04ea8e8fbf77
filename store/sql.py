"""SQL that lives in files beside the code: `queries/*.sql`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from store.window import CURRENT


@cache
def load(name: str) -> str:
    """The text of `store/queries/{name}.sql`."""
    return (files("store") / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def framed(name: str, **parts: str) -> str:
    """A query over the newest revisions of a window: `{current}` and its other placeholders filled with SQL of ours."""
    sql = load(name)
    for placeholder, text in {**parts, "current": CURRENT}.items():
        sql = sql.replace(f"{{{placeholder}}}", text)
    return sql


def equal(wanted: Iterable[str]) -> str:
    """Conditions that columns equal the values bound by their names."""
    return "".join(f" AND {name} = {{{name}:String}}" for name in wanted)
