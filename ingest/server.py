"""Runs an ASGI application on a thread and an event loop of its own, with the port known once it started."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from conversation.errors import UsageError
from ingest.http_receiver import Asgi

START_SECONDS = 30
KEEP_ALIVE_SECONDS = 75  # longer than the 5 s between batches of an SDK, so that one connection carries them all
MAX_CONNECTIONS = 4096


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate files in PEM form; with `client_ca` senders must show a certificate it signed."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


class HttpServer:
    """One listening socket.

    Args:
        app: What answers.
        host: Address to bind.
        port: 0 for a free one; see `port` after `start`.
        tls: None for plain HTTP.
    """

    def __init__(self, app: Asgi, *, host: str, port: int, tls: Tls | None = None) -> None:
        self._app, self._host, self._wanted, self._tls = app, host, port, tls
        self._socket: socket.socket | None = None
        self._server: _Quiet | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on; 0 before `start`."""
        return 0 if self._socket is None else int(self._socket.getsockname()[1])

    def start(self) -> None:
        """Bind and serve; returns when requests are answered.

        Raises:
            UsageError: The address cannot be bound or the certificate not be read.
        """
        self._socket = _bind(self._host, self._wanted)
        tls = self._tls
        try:
            self._server = _Quiet(
                uvicorn.Config(
                    self._app,
                    http="httptools",
                    loop="uvloop",
                    lifespan="off",
                    access_log=False,
                    log_config=None,
                    server_header=False,
                    timeout_keep_alive=KEEP_ALIVE_SECONDS,
                    timeout_graceful_shutdown=5,
                    limit_concurrency=MAX_CONNECTIONS,
                    ssl_certfile=str(tls.certificate) if tls else None,
                    ssl_keyfile=str(tls.key) if tls else None,
                    ssl_ca_certs=str(tls.client_ca) if tls and tls.client_ca else None,
                    ssl_cert_reqs=2 if tls and tls.client_ca else 0,
                )
            )
            self._server.config.load()
        except OSError as error:
            self._socket.close()
            raise UsageError(f"the TLS certificate cannot be used ({error}): check the paths") from error
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"http-{self.port}", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            raise UsageError(f"the server on port {self.port} did not start within {START_SECONDS} s")

    def stop(self) -> None:
        """Answer what is being served, then close."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        if self._socket is not None:
            self._socket.close()


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the program and tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"cannot listen on {host}:{port} ({error.strerror}): choose another host or port") from error
    return listener
