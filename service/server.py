"""Listeners of one process: OTLP over HTTP, OTLP over gRPC, and the API port, each on a thread of its own."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from ingest.grpc_receiver import GrpcServer
from ingest.server import HttpServer, Tls
from service.app import build_app
from service.garbage import collect_seldom
from service.settings import IngestConfig
from service.wiring import Services


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the service listens."""

    otlp_http: str
    otlp_grpc: str
    api: str


def _tls(config: IngestConfig) -> Tls | None:
    if config.tls_certificate is None or config.tls_key is None:
        return None
    return Tls(config.tls_certificate, config.tls_key)


class Server:
    """Runs the wired parts behind their listeners until a signal or `stop`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stopped = threading.Event()

    def run(self, ready: Callable[[Addresses], None]) -> None:
        """Serve; `ready` is called once everything listens.

        Listeners start last and stop first, so nothing arrives that cannot be taken.

        Raises:
            UsageError: A port or certificate cannot be used.
        """
        settings = self._services.settings
        tls = _tls(settings.ingest)
        with ExitStack() as undo:
            undo.callback(self._services.close)
            otlp = HttpServer(self._services.otlp_app(), host=settings.host, port=settings.otlp_http_port, tls=tls)
            grpc = GrpcServer(
                self._services.receiving.handler, host=settings.host, port=settings.otlp_grpc_port, tls=tls
            )
            api = HttpServer(build_app(self._services), host=settings.host, port=settings.port)
            for listener in (otlp, grpc, api):
                listener.start()
                undo.callback(listener.stop)
            collect_seldom()
            self._services.start()
            scheme = "https" if tls else "http"
            addresses = Addresses(
                otlp_http=f"{scheme}://{settings.host}:{otlp.port}",
                otlp_grpc=f"{settings.host}:{grpc.port}",
                api=f"http://{settings.host}:{api.port}",
            )
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: self.stop())
            ready(addresses)
            self._stopped.wait()

    def stop(self) -> None:
        """Ask the listeners to finish; safe from any thread."""
        self._stopped.set()
