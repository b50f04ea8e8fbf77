"""Brings the schema up to date: numbered SQL files once each, then the views wherever their text changed.

`migrations/NNNN_name.sql` holds statements that may run twice (IF NOT EXISTS), so two processes starting at once do no
harm. What ran is recorded with a checksum; a file changed after it ran is refused. `views/*.sql` are the SELECTs of
the materialized views, templates filled from `identity_sql`; a changed one is swapped in place, losing no row.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from store.client import Client
from store.errors import PermanentStoreError
from store.identity_sql import fill

# View: the table it fills. The order is the flow; the last ones are created first, so that no early row is missed.
VIEWS = (
    ("span_rows", "span_rows_in"),
    ("log_rows", "log_rows_in"),
    ("spans", "spans"),
    ("logs", "logs"),
    ("span_touches", "trace_touches_in"),
    ("log_touches", "trace_touches_in"),
    ("trace_activity", "trace_activity"),
    ("trace_log", "trace_log"),
    ("conversation_traces", "conversation_traces"),
    ("conversation_hour_touches", "hour_touches"),
    ("superseded_hour_touches", "hour_touches"),
)
LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (name String, checksum String, applied_at DateTime DEFAULT now())
ENGINE = ReplacingMergeTree(applied_at) ORDER BY name
"""
# Earlier texts of a migration whose stores go on as they are: they differ in what is only a matter of speed and size.
_EARLIER = {
    "0001_traces": ("09540ac13ef602433b15bb540865af96029ee9735f489e6d2284d61db7c6d062",)  # spans sorted by trace
}
_NAME = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step towards the current schema.

    Attributes:
        name: `0001_traces` or `view:spans`.
        checksum: SHA-256 of the text.
        statements: What it runs.
    """

    name: str
    checksum: str
    statements: tuple[str, ...]


def migrate(client: Client, *, dry_run: bool = False) -> list[Migration]:
    """Run what has not run yet.

    Args:
        client: Where to.
        dry_run: Only say what would run; nothing is created.

    Returns:
        The steps that ran (or would run), in order.

    Raises:
        PermanentStoreError: A recorded migration's file has changed since, or the store is newer than this program.
    """
    done = _recorded(client)
    pending = [step for step in migrations() if not _is_done(step, done)]
    known = {step.name for step in migrations()}
    newer = sorted(name for name in done if not name.startswith("view:") and name not in known)
    if newer:
        raise PermanentStoreError(
            f"the store has migration {newer[-1]}, which this version does not know: upgrade Floorline"
        )
    pending += [_view_step(name, target, done) for name, target in reversed(VIEWS) if _view_changed(name, done)]
    if not dry_run and pending:
        client.command(LEDGER)
        for step in pending:
            for statement in step.statements:
                client.command(statement)
            client.insert("schema_migrations", ["name", "checksum"], [(step.name, step.checksum)])
    return pending


def migrations() -> list[Migration]:
    """Every numbered migration shipped with this version, in order."""
    folder = files("store") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if _NAME.match(entry.name))
    return [_migration(name.removesuffix(".sql"), (folder / name).read_text(encoding="utf-8")) for name in names]


def view_select(name: str) -> str:
    """The SELECT of a view with its placeholders filled."""
    return fill((files("store") / "views" / f"{name}.sql").read_text(encoding="utf-8"))


def _migration(name: str, text: str) -> Migration:
    bare = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    statements = tuple(part.strip() for part in bare.split(";\n") if part.strip().rstrip(";"))
    return Migration(name, _checksum(text), tuple(statement.rstrip(";") for statement in statements))


def _recorded(client: Client) -> dict[str, str]:
    exists = client.query(
        "SELECT 1 AS found FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'",
        role="jobs",
    )
    if not exists:
        return {}
    rows = client.query("SELECT name, checksum FROM schema_migrations FINAL", role="jobs")
    return {row["name"]: row["checksum"] for row in rows}


def _is_done(step: Migration, done: dict[str, str]) -> bool:
    recorded = done.get(step.name)
    if recorded is not None and recorded not in (step.checksum, *_EARLIER.get(step.name, ())):
        raise PermanentStoreError(
            f"migration {step.name} changed after it ran: restore store/migrations/{step.name}.sql "
            "and put the change into a new file"
        )
    return recorded is not None


def _view_changed(name: str, done: dict[str, str]) -> bool:
    return done.get(f"view:{name}") != _checksum(view_select(name))


def view_migration(name: str, target: str) -> Migration:
    """The step that creates a view where it is not there yet."""
    return _view_step(name, target, {})


def _view_step(name: str, target: str, done: dict[str, str]) -> Migration:
    select, view = view_select(name), f"{name}_view"
    create = f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view} TO {target} AS\n{select}"
    swap = f"ALTER TABLE {view} MODIFY QUERY\n{select}"
    return Migration(f"view:{name}", _checksum(select), (swap if f"view:{name}" in done else create,))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
