"""Listeners: OTLP over HTTP, OTLP over gRPC, and the API port, on one event loop; ports are bound before anything starts."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from conversation.errors import UsageError
from service.wiring import Services

GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service listens."""

    otlp_http: str
    otlp_grpc: str
    api: str


class _Listener(uvicorn.Server):
    """A uvicorn server whose signals are handled once for all listeners."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def _bind(host: str, port: int, option: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError as error:
        made.close()
        raise UsageError(f"cannot listen on {host}:{port} ({error.strerror}); choose another with {option}") from error
    made.listen(1024)
    made.setblocking(False)  # noqa: FBT003 - the socket module's own signature
    return made


class Server:
    """Runs the wired parts behind their listeners until a signal or `stop`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        settings = services.settings
        self._otlp = _bind(settings.host, settings.otlp_http_port, "--otlp-http-port")
        self._api = _bind(settings.host, settings.port, "--port")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[_Listener] = []

    def run(self, ready: Callable[[Addresses], None]) -> None:
        """Serve; `ready` is called in a thread of its own once everything listens.

        Raises:
            UsageError: A port cannot be used.
        """
        uvicorn_loop = uvicorn.Config(app=None, loop="auto").get_loop_factory()  # type: ignore[arg-type] # no app: only its loop is wanted
        with asyncio.Runner(loop_factory=uvicorn_loop) as runner:
            runner.run(self._serve(ready))

    def stop(self) -> None:
        """Ask the listeners to finish; safe from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        for listener in self._listeners:
            if listener.should_exit:
                listener.force_exit = True
            listener.should_exit = True

    def _listener(self, app: object, *, tls: bool) -> _Listener:
        ingest = self._services.settings.ingest
        config = uvicorn.Config(
            app,  # type: ignore[arg-type] # uvicorn's alias for ASGI applications is narrower than what it runs
            http="httptools",
            log_level=self._services.settings.log_level,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=75,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
            ssl_certfile=str(ingest.tls_certificate) if tls and ingest.tls_certificate else None,
            ssl_keyfile=str(ingest.tls_key) if tls and ingest.tls_key else None,
        )
        return _Listener(config)

    async def _serve(self, ready: Callable[[Addresses], None]) -> None:
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._finish)
        services = self._services
        from service.app import build_app  # noqa: PLC0415 - the web framework loads only when something is served

        self._listeners = [
            self._listener(services.otlp_app(), tls=True),
            self._listener(build_app(services), tls=False),
        ]
        services.start()
        grpc = services.grpc_receiver()
        try:
            grpc_port = await grpc.start(services.settings.host, services.settings.otlp_grpc_port)
            sockets = ([self._otlp], [self._api])
            served = [
                asyncio.create_task(listener.serve(sockets=bound))
                for listener, bound in zip(self._listeners, sockets, strict=True)
            ]
            while not all(listener.started for listener in self._listeners):
                await asyncio.sleep(0.02)
            host = services.settings.host
            addresses = Addresses(
                otlp_http=f"http://{host}:{self._otlp.getsockname()[1]}",
                otlp_grpc=f"{host}:{grpc_port}",
                api=f"http://{host}:{self._api.getsockname()[1]}",
            )
            asyncio.get_running_loop().run_in_executor(None, ready, addresses)
            await asyncio.gather(*served)
        finally:
            await grpc.stop(GRACE_SECONDS)
            await asyncio.to_thread(services.close)
