"""The cluster's schema is that of a single server, sharded and replicated: every statement parses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conversation.errors import PermanentError
from store.client import Client
from store.cluster import _CREATE, cluster_ddl, table_of
from store.migrate import VIEWS, migrations

DDL = cluster_ddl("prod")
TABLES = [
    table_of(found)
    for step in migrations()
    for statement in step.statements
    if (found := _CREATE.fullmatch(statement.strip()))
]
ADDED = [
    word for step in migrations() for s in step.statements for word in re.findall(r"ADD COLUMN IF NOT EXISTS (\w+)", s)
]


def test_every_statement_is_one_the_engine_can_parse(embedded_engine: Client) -> None:
    for statement in DDL:
        embedded_engine.query("SELECT formatQuery({statement:String})", {"statement": statement})


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_and_order_of_a_single_server_on_every_shard(
    embedded_engine: Client, table: object
) -> None:
    name = table.name  # type: ignore[attr-defined] # parametrized over Table
    made = [s for s in DDL if re.match(rf"CREATE TABLE IF NOT EXISTS floorline\.{name}(_shard)? ", s)]
    rows = embedded_engine.query(
        "SELECT engine, sorting_key, partition_key FROM system.tables "
        "WHERE database = currentDatabase() AND name = {n:String}",
        {"n": name},
    )
    [single] = rows
    if single["engine"] == "Null":
        [only] = made
        assert "ENGINE = Null" in only
        return
    shard, distributed = made
    assert (
        f"ENGINE = Replicated{single['engine']}('/clickhouse/tables/{{shard}}/floorline/{name}', '{{replica}}'" in shard
    )
    order = re.sub(r"[\s()]", "", shard.split("ORDER BY")[1].split("SETTINGS")[0])
    assert order == re.sub(r"[\s()]", "", str(single["sorting_key"]))
    assert ("PARTITION BY" in shard) == bool(single["partition_key"])
    assert "non_replicated" not in shard
    key = re.search(r"cityHash64\((\w+)\)\)$", distributed)
    assert key is not None
    assert f"Distributed(prod, floorline, {name}_shard, " in distributed
    columns = {str(r["name"]) for r in embedded_engine.query(f"DESCRIBE TABLE {name}")}
    assert key[1] in columns
    # Rows that replace each other must meet on one shard.
    assert key[1] in order.split(",") or (key[1] == "conversation_id" and "attempt" in order.split(","))
    assert columns == {*table.columns, *(added for added in ADDED if added in columns)}  # type: ignore[attr-defined] # as above


def test_columns_added_later_are_added_to_both_tables_of_a_pair() -> None:
    for name in ("conversations", "turns"):
        assert [s.split()[2] for s in DDL if s.startswith("ALTER") and f".{name}" in s] == [
            f"floorline.{name}_shard",
            f"floorline.{name}",
        ]


def test_views_read_what_is_inserted_on_their_node_and_write_to_all_shards() -> None:
    views = {s.split(".", 1)[1].split("_view ", 1)[0]: s for s in DDL if s.startswith("CREATE MATERIALIZED")}
    assert set(views) == {name for name, _ in VIEWS}
    for name, target in VIEWS:
        assert f" TO floorline.{target} AS" in views[name]
    assert "FROM floorline.conversations_shard" in views["conversation_hour_touches"]
    assert "FROM floorline.span_rows_in" in views["spans"]


def test_a_process_that_connects_later_finds_every_step_done() -> None:
    recorded = dict(re.findall(r"\('([\w:]+)', '(\w{64})'\)", DDL[-1]))
    assert {step.name: step.checksum for step in migrations()}.items() <= recorded.items()
    assert {f"view:{name}" for name, _ in VIEWS} <= set(recorded)


def test_the_statements_of_the_sizing_page_parse_and_name_tables_there_are(embedded_engine: Client) -> None:
    page = Path(__file__).parents[2] / "deploy" / "docs" / "sizing.md"
    blocks = re.findall(r"```sql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    statements = [line.rstrip(";") for block in blocks for line in block.splitlines() if line]
    assert len(statements) >= 5
    for statement in statements:
        embedded_engine.query("SELECT formatQuery({statement:String})", {"statement": statement})
        for name in re.findall(r"floorline\.(\w+)_shard", statement):
            assert name in {table.name for table in TABLES}


@pytest.mark.parametrize("names", [("a b", "floorline"), ("prod", "x; DROP"), ("", "floorline")])
def test_names_that_would_need_quotes_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(PermanentError, match="letters, digits"):
        cluster_ddl(*names)
