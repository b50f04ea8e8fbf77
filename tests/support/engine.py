"""Fixtures: a migrated store on the embedded engine and on the engine behind HTTP. Loaded by `tests/conftest.py`.

`engine` runs a test on both; `embedded_engine` and `http_engine` on one of them; `engine_server` is the second process
itself, to kill and start again. A process can have one embedded data directory open at a time: a test that takes
`engine` or `embedded_engine` must not open another. Each test has a store of its own.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.client import Client, connect
from store.migrate import migrate

_SCRIPT = Path(__file__).with_name("engine_http.py")


class EngineServer:
    """The engine behind HTTP in a second process.

    Args:
        directory: Its data; kept over `kill` and `start`.
        password: What clients must give, empty for none.
    """

    def __init__(self, directory: Path, password: str = "") -> None:
        self._directory = directory
        self._password = password
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        """Start and wait until it listens; after the first time on the same port."""
        command = [sys.executable, str(_SCRIPT), str(self._directory), "--port", str(self.port)]
        self._process = subprocess.Popen([*command, "--password", self._password], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("port "), "the engine did not start"
        self.port = int(line.split()[1])

    def kill(self) -> None:
        """End it at once, as kill -9 does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def url(self, database: str = "default") -> str:
        """What `store.client.connect` takes."""
        return f"http://default:{self._password}@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def _shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineServer]:
    server = EngineServer(tmp_path_factory.mktemp("engine-http"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def engine_server(tmp_path: Path) -> Iterator[EngineServer]:
    """A server of the test's own: it may be killed and started again."""
    server = EngineServer(tmp_path / "engine-http")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def embedded_engine(tmp_path: Path) -> Iterator[Client]:
    """A migrated store on the embedded engine."""
    client = connect(f"chdb://{tmp_path / 'engine'}")
    try:
        migrate(client)
        yield client
    finally:
        client.close()


@pytest.fixture
def http_engine(_shared_server: EngineServer) -> Iterator[Client]:
    """A migrated store in a database of its own behind HTTP."""
    database = f"test_{uuid.uuid4().hex}"
    client = connect(_shared_server.url(database))
    try:
        migrate(client)
        yield client
        client.command(f"DROP DATABASE {database} SYNC")
    finally:
        client.close()


@pytest.fixture(params=["embedded", "http"])
def engine(request: pytest.FixtureRequest) -> Client:
    """A migrated store, on either engine."""
    client: Client = request.getfixturevalue(f"{request.param}_engine")
    return client
