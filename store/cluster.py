"""The schema for a sharded, replicated ClickHouse cluster: DDL derived from the migrations, to be run by an operator.

Every table of the schema becomes two: `NAME_shard` on each node, replicated within its shard, and `NAME` distributed
over all shards, so that every query and insert of this program stays as it is. Rows of one conversation, or of one
trace, meet on one shard: what replaces or adds up rows does so as on a single server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from conversation.errors import PermanentError
from store.migrate import LEDGER, VIEWS, Migration, migrations, view_migration, view_select

_CREATE = re.compile(
    r"CREATE TABLE IF NOT EXISTS (?P<name>\w+)\s*\((?P<columns>.*)\)\s*"
    r"ENGINE = (?P<engine>\w+)(?:\((?P<version>\w*)\))?(?P<rest>.*)",
    re.DOTALL,
)
_ALTER = re.compile(r"ALTER TABLE (\w+)\s(.*)", re.DOTALL)
_COLUMN = re.compile(r"^\s*(\w+) ", re.MULTILINE)
_ORDER = re.compile(r"ORDER BY \(?([\w, ]+)")
# What decides a row's shard: the first of these that the table is sorted by.
_KEYS = ("conversation_id", "trace_id", "attempt", "hour", "project")
_NAME = re.compile(r"\w+")
# A subquery over a distributed table is run once and its answer sent to all shards; an insert is answered when stored.
_PROFILE = {"distributed_product_mode": "'global'", "distributed_foreground_insert": "1", "insert_quorum": "'auto'"}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the schema.

    Attributes:
        name: Its name.
        columns: Names of its columns.
        definition: Text between the outer parentheses.
        engine: Name of its engine.
        version: The engine's argument, empty without one.
        rest: What follows the engine: partitions, order, settings.
    """

    name: str
    columns: tuple[str, ...]
    definition: str
    engine: str
    version: str
    rest: str

    @property
    def keeps(self) -> bool:
        """Whether it keeps rows; the others only carry them to views."""
        return self.engine.endswith("MergeTree")

    @property
    def sharding_key(self) -> str:
        """The expression that decides a row's shard: the same for all rows that replace or add to each other.

        An attempt belongs to one conversation, so its rows may go with the conversation where they name it.
        """
        found = _ORDER.search(self.rest)
        order = [name.strip() for name in found[1].split(",")] if found else []
        sorted_by = next((name for name in _KEYS if name in order), (order or self.columns)[0])
        whole = sorted_by == "attempt" and "conversation_id" in self.columns
        return f"cityHash64({'conversation_id' if whole else sorted_by})"


def cluster_ddl(cluster: str, database: str = "floorline") -> list[str]:
    """Statements that make the current schema on a cluster, in order; without semicolons.

    Args:
        cluster: Its name in the servers' `remote_servers`; they also need the macros `shard` and `replica`.
        database: Made if it is not there.

    Raises:
        PermanentError: A name that would need quoting, or a migration with a statement this cannot translate.
    """
    for name in (cluster, database):
        if not _NAME.fullmatch(name):
            raise PermanentError(f"{name!r}: names of clusters and databases are letters, digits and underscores here")
    profile = ", ".join(f"{name} = {value}" for name, value in _PROFILE.items())
    return [
        f"CREATE DATABASE IF NOT EXISTS {database} ON CLUSTER {cluster}",
        f"CREATE SETTINGS PROFILE IF NOT EXISTS floorline ON CLUSTER {cluster} SETTINGS {profile}",
        *_schema(cluster, database),
    ]


def _schema(cluster: str, database: str) -> Iterator[str]:
    kept = set[str]()
    steps = migrations()
    for step in (Migration("", "", (LEDGER,)), *steps):
        for statement in step.statements:
            yield from _translated(statement, cluster, database, kept)
    for view, target in reversed(VIEWS):
        yield _view(view, target, cluster, database, kept)
    # So that a process which connects later finds everything done.
    done = [(step.name, step.checksum) for step in (*steps, *(view_migration(*view) for view in VIEWS))]
    rows = ", ".join(f"('{name}', '{checksum}')" for name, checksum in done)
    yield f"INSERT INTO {database}.schema_migrations (name, checksum) VALUES {rows}"


def _translated(statement: str, cluster: str, database: str, kept: set[str]) -> Iterator[str]:
    text = statement.strip()
    if found := _CREATE.fullmatch(text):
        table = table_of(found)
        if table.keeps:
            kept.add(table.name)
        yield from _tables(table, cluster, database)
    elif found := _ALTER.fullmatch(text):
        # How rows are kept is the shard's affair; what columns there are is both tables'.
        both = "ADD COLUMN" in found[2]
        for name in (f"{found[1]}_shard", found[1])[: 1 + both]:
            yield f"ALTER TABLE {database}.{name} ON CLUSTER {cluster} {found[2]}"
    elif not text.startswith("INSERT INTO "):  # moves rows that a new cluster does not have
        raise PermanentError(f"no cluster form is known for: {' '.join(text.split())[:80]}")


def table_of(found: re.Match[str]) -> Table:
    """The table of a CREATE statement as `_CREATE` matched it."""
    parts = found.groupdict()
    columns = tuple(_COLUMN.findall(_top_level(parts["columns"])))
    return Table(parts["name"], columns, parts["columns"], parts["engine"], parts["version"] or "", parts["rest"])


def _top_level(columns: str) -> str:
    """The columns without what stands in inner parentheses, one a line."""
    depth, text = 0, []
    for character in columns:
        depth += (character == "(") - (character == ")")
        if not depth and character != ")":
            text.append("\n" if character == "," else character)
    return "".join(text)


def _tables(table: Table, cluster: str, database: str) -> Iterator[str]:
    if not table.keeps:
        yield (
            f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ON CLUSTER {cluster}\n"
            f"({table.definition})\nENGINE = {table.engine}{table.rest}"
        )
        return
    path = f"/clickhouse/tables/{{shard}}/{database}/{table.name}"
    arguments = ", ".join([f"'{path}'", "'{replica}'", *([table.version] if table.version else [])])
    rest = table.rest.replace("non_replicated_deduplication_window", "replicated_deduplication_window")
    yield (
        f"CREATE TABLE IF NOT EXISTS {database}.{table.name}_shard ON CLUSTER {cluster}\n"
        f"({table.definition})\nENGINE = Replicated{table.engine}({arguments}){rest}"
    )
    yield (
        f"CREATE TABLE IF NOT EXISTS {database}.{table.name} ON CLUSTER {cluster} AS {database}.{table.name}_shard\n"
        f"ENGINE = Distributed({cluster}, {database}, {table.name}_shard, {table.sharding_key})"
    )


def _view(view: str, target: str, cluster: str, database: str, kept: set[str]) -> str:
    """A view on each node: fed by what is inserted there, writing to the distributed table."""

    def placed(source: re.Match[str]) -> str:
        name = f"{source[2]}_shard" if source[2] in kept else source[2]
        return f"{source[1]} {database}.{name}"

    names = "|".join(sorted({*kept, *(name for _, name in VIEWS), "otlp_traces_in", "otlp_logs_in"}, key=len)[::-1])
    select = re.sub(rf"\b(FROM)\s+({names})\b", placed, view_select(view))
    create = f"CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.{view}_view ON CLUSTER {cluster}"
    return f"{create} TO {database}.{target} AS\n{select}"
