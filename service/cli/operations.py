"""Operations: migrate, retention, erase, doctor, API keys, dead letters."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from conversation.errors import UsageError
from ingest.auth import KeyFile
from service import doctor as checks
from service import settings
from service.cli import options
from service.cli.client import Client
from service.cli.output import as_json, err, out, table, verdict
from store.times import iso

DAY_NS = 86_400_000_000_000

keys = typer.Typer(help="API keys of projects.", no_args_is_help=True)
dead_letters = typer.Typer(help="Requests the store refused for good.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (migrate, retention, erase, doctor):
        app.command(command.__name__)(command)


def migrate(
    data: options.DataDir = None,
    clickhouse: options.ClickHouse = None,
    config: options.Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would run.")] = False,
    cluster: Annotated[str | None, typer.Option(help="With --print: the schema for this ClickHouse cluster.")] = None,
    database: Annotated[str, typer.Option(help="Database on the cluster.")] = "floorline",
    show: Annotated[bool, typer.Option("--print", help="Print DDL for an operator to run.")] = False,
) -> None:
    """Bring the store's schema up to date, or print the schema for a cluster."""
    if cluster is not None or show:
        _print_cluster(cluster, database, show=show)
        return
    from store import migrate as migrations  # noqa: PLC0415 - the engine loads only for commands that open a store
    from store.client import connect  # noqa: PLC0415 - as above

    given = {"data": str(data) if data else None, "clickhouse": clickhouse}
    chosen = settings.load(config, {name: value for name, value in given.items() if value})
    client = connect(chosen.store_url)
    try:
        done = migrations.migrate(client, dry_run=dry_run)
    finally:
        client.close()
    word = "would run" if dry_run else "ran"
    out.print("\n".join(f"{word} {step.name}" for step in done) or "The schema is up to date.")


def _print_cluster(cluster: str | None, database: str, *, show: bool) -> None:
    from store.cluster import cluster_ddl  # noqa: PLC0415 - as above

    if cluster is None or not show:
        raise UsageError("the schema of a cluster is printed, not run: give both --cluster NAME and --print")
    typer.echo("\n".join(f"{statement};\n" for statement in cluster_ddl(cluster, database)))


def retention(url: options.Url = options.URL, data: options.Data = None, api_key: options.ApiKey = None) -> None:
    """Forget what is older than the configured days."""
    with Client(url, data, api_key) as client:
        done = client.post("/api/v1/retention")
    out.print("\n".join(f"{name}: {count} rows forgotten" for name, count in done.items()) or "Nothing was too old.")


def erase(
    user: Annotated[str, typer.Option("--user", help="The person's user id.")],
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """Remove one person from spans, conversations, scores, scenarios and the spool, and verify it."""
    with Client(url, data, api_key) as client:
        done = client.post("/api/v1/erase", {"user_id": user})
    if json:
        as_json(done)
    else:
        table(
            f"Erased {user}",
            ("where", "removed", "left"),
            [(row["where"], str(row["removed"]), str(row["left"])) for row in done["erased"]],
            numeric=(1, 2),
        )
    if any(row["left"] for row in done["erased"]):
        raise typer.Exit(1)


def doctor(
    data: options.DataDir = None,
    config: options.Config = None,
    url: options.Url = options.URL,
    json: options.Json = False,
) -> None:
    """Check configuration, disk, engine, ports and the running service."""
    findings = checks.examine(settings.load(config, {"data": str(data)} if data else None), url)
    if json:
        as_json([{"check": f.check, "verdict": f.verdict, "finding": f.finding} for f in findings])
    else:
        table("Doctor", ("check", "", "finding"), [(f.check, verdict(f.verdict), f.finding) for f in findings])
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(1)


@keys.command("create")
def create_key(
    project: Annotated[str, typer.Option(help="The project the key belongs to.")] = "default",
    scope: Annotated[list[str] | None, typer.Option(help="ingest, read or admin; may be given again.")] = None,
    days: Annotated[int, typer.Option(help="Days until it expires; 0 is never.")] = 0,
    name: Annotated[str, typer.Option(help="What it is for.")] = "",
    data: options.DataDir = None,
) -> None:
    """Make a key; it is shown once."""
    scopes = sorted(set(scope or ["ingest"]))
    if unknown := set(scopes) - {"ingest", "read", "admin"}:
        raise UsageError(f"there is no scope {', '.join(sorted(unknown))}; choose of ingest, read, admin")
    expires_ns = time.time_ns() + days * DAY_NS if days else 0
    key, secret = _book(data).create(project, scopes, expires_ns=expires_ns, note=name)
    out.print(secret, soft_wrap=True)
    err.print(f"Key {key.id} of project {key.project}, scopes {', '.join(key.scopes)}. It is not shown again.")


@keys.command("list")
def list_keys(data: options.DataDir = None, json: options.Json = False) -> None:
    """All keys without their secrets."""
    rows = [
        {
            "id": key.id,
            "project": key.project,
            "scopes": " ".join(key.scopes),
            "note": key.note,
            "created": iso(key.created_ns),
            "expires": iso(key.expires_ns or None),
        }
        for key in _book(data).keys()  # noqa: SIM118 - a method of the key file, no mapping
    ]
    if json:
        as_json(rows)
        return
    columns = ("id", "project", "scopes", "note", "created", "expires")
    table("API keys", columns, [tuple(str(row[name] or "–") for name in columns) for row in rows])


@keys.command("revoke")
def revoke_key(key_id: str, data: options.DataDir = None) -> None:
    """A key stops working at once."""
    _book(data).revoke(key_id)
    out.print(f"Key {key_id} no longer works.")


def _book(data: Path | None) -> KeyFile:
    chosen = settings.load(overrides={"data": str(data)} if data else None)
    chosen.data.mkdir(parents=True, exist_ok=True)
    return KeyFile(chosen.data / "keys.json", now_ns=time.time_ns)


@dead_letters.command("list")
def list_dead_letters(
    url: options.Url = options.URL,
    data: options.Data = None,
    api_key: options.ApiKey = None,
    json: options.Json = False,
) -> None:
    """What the store refused for good, and why."""
    with Client(url, data, api_key) as client:
        rows = client.get("/api/v1/dead-letters")["dead_letters"]
    if json:
        as_json(rows)
        return
    columns = ("id", "project", "signal", "bytes", "received_at", "reason")
    table("Dead letters", columns, [tuple(str(row[name]) for name in columns) for row in rows], numeric=(3,))


@dead_letters.command("replay")
def replay_dead_letter(
    letter: str, url: options.Url = options.URL, data: options.Data = None, api_key: options.ApiKey = None
) -> None:
    """Put one back in the queue."""
    with Client(url, data, api_key) as client:
        client.post(f"/api/v1/dead-letters/{letter}/replay")
    out.print(f"Dead letter {letter} is queued again.")


@dead_letters.command("drop")
def drop_dead_letter(
    letter: str, url: options.Url = options.URL, data: options.Data = None, api_key: options.ApiKey = None
) -> None:
    """Delete one for good."""
    with Client(url, data, api_key) as client:
        client.post(f"/api/v1/dead-letters/{letter}/drop")
    out.print(f"Dead letter {letter} is gone.")
