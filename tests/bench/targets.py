"""What the benchmark sends to: Floorline's ingest, a bare pipeline as the ceiling, peers installed by package name."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "bench"


@dataclass
class Target:
    """One running server.

    Attributes:
        process: Leader of its process tree.
        url: Where traces are posted.
        headers: Beside content-type.
        count: Spans that a query finds in its store now.
        directory: Holds its data.
        distinct: Different spans in its store, where it can tell; asked once, after the measurement.
    """

    process: subprocess.Popen[bytes]
    url: str
    count: Callable[[], int]
    directory: Path
    headers: Mapping[str, str] = field(default_factory=dict)
    distinct: Callable[[], int] | None = None

    def stop(self) -> None:
        """End it and wait."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Peer:
    """A program from the package index.

    Attributes:
        package: What to install.
        command: Program and arguments; `{port}` is filled in.
        health: Path that answers when it is up.
        database: Its SQLite file.
        table: Where its spans are.
        headers: What its API asks for.
        environment: Settings beside the port.
    """

    package: str
    command: tuple[str, ...]
    health: str
    database: str
    table: str
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


PEERS = {
    "lighttrace": Peer(
        "lighttrace[server]",
        ("lighttrace", "--host", "127.0.0.1", "--port", "{port}", "--db", "lt.db"),
        "/",
        "lt.db",
        "runs",
        {"x-api-key": "k"},
        {"LIGHTTRACE_API_KEYS": "k", "LIGHTTRACE_PASSWORD": "p"},
    ),
    "mlflow": Peer(
        "mlflow",
        ("mlflow", "server", "--host", "127.0.0.1", "--port", "{port}"),
        "/health",
        "mlflow.db",
        "spans",
        {"x-mlflow-experiment-id": "0"},
        {"MLFLOW_DISABLE_TELEMETRY": "true"},
    ),
    "phoenix": Peer(
        "arize-phoenix",
        ("phoenix", "serve"),
        "/healthz",
        "phoenix.db",
        "spans",
        {},
        {"PHOENIX_TELEMETRY_ENABLED": "false", "PHOENIX_HOST": "127.0.0.1", "PHOENIX_GRPC_PORT": "0"},
    ),
}


def floorline(directory: Path) -> Target:
    """Floorline's receiver, spool, redaction, keys, loader, tables and rollups."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.receiver", str(directory)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    base = f"http://127.0.0.1:{started['port']}"
    return Target(
        process,
        f"{base}/v1/traces",
        lambda: _get_count(f"{base}/stored"),
        directory,
        {"x-api-key": started["key"]},
        lambda: _get_count(f"{base}/count"),
    )


def bare_pipeline(directory: Path, port: int) -> Target:
    """The least a durable receiver can do, from the shared yardsticks."""
    process = subprocess.Popen(
        [sys.executable, str(SHARED / "limits_pipeline.py"), "serve", str(directory), str(port), "--segment-mb", "25"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    _wait(f"{base}/count", process)
    return Target(process, f"{base}/v1/traces", lambda: _get_count(f"{base}/count"), directory)


def install(peer: Peer, place: Path) -> Path | None:
    """A virtual environment with a peer in it; None when the index does not give it."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return None
    for arguments in (
        ["venv", "--quiet", str(place)],
        ["pip", "install", "--quiet", "--python", str(place), peer.package],
    ):
        if subprocess.run([uv, *arguments], capture_output=True, check=False).returncode:
            return None
    return place / "bin"


def start_peer(peer: Peer, programs: Path, directory: Path, port: int) -> Target:
    """A peer with its default single-machine configuration on a fresh store."""
    environment = {**os.environ, **peer.environment, "DO_NOT_TRACK": "1"}
    environment |= {"PHOENIX_WORKING_DIR": str(directory), "PHOENIX_PORT": str(port)}
    command = [word.format(port=port) for word in peer.command]
    process = subprocess.Popen(
        [str(programs / command[0]), *command[1:]],
        cwd=directory,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    _wait(base + peer.health, process)
    database = directory / peer.database
    return Target(process, f"{base}/v1/traces", lambda: _rows(database, peer.table), directory, peer.headers)


def _get_count(url: str) -> int:
    with urllib.request.urlopen(url, timeout=120) as reply:  # noqa: S310 - our own http address
        return int(json.load(reply)["count"])


def _rows(database: Path, table: str) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def _wait(url: str, process: subprocess.Popen[bytes], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own http address
                return
        except urllib.error.HTTPError:
            return  # it asks for a password: it is up
        except OSError:
            time.sleep(0.3)
    process.kill()
    raise RuntimeError(f"{url} does not answer")
