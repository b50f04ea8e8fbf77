from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from conversation.errors import UsageError
from ingest.auth import OpenAccess
from ingest.grpc_receiver import SERVICES, GrpcServer
from ingest.handler import PROTOBUF, Handler
from ingest.http_receiver import build_app
from ingest.server import HttpServer, Tls
from ingest.spool import Spool
from tests.ingest.conftest import span_request

SPAN = span_request().SerializeToString()


@pytest.fixture
def handler(spool: Spool) -> Handler:
    return Handler(spool, access=OpenAccess(), now_ns=time.time_ns)


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    files = Tls(tmp_path / "server.crt", tmp_path / "server.key")
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run(
        [*command, "-keyout", str(files.key), "-out", str(files.certificate)], check=True, capture_output=True
    )
    return files


def test_http_speaks_tls_with_the_given_certificate(handler: Handler, tls: Tls) -> None:
    server = HttpServer(build_app(handler), host="127.0.0.1", port=0, tls=tls)
    server.start()
    trust = ssl.create_default_context(cafile=str(tls.certificate))
    url = f"https://127.0.0.1:{server.port}/v1/traces"
    assert httpx.post(url, content=SPAN, headers={"content-type": PROTOBUF}, verify=trust).status_code == 200
    server.stop()


def test_http_asks_senders_for_a_certificate_when_told_to(handler: Handler, tls: Tls) -> None:
    both = Tls(tls.certificate, tls.key, tls.certificate)
    server = HttpServer(build_app(handler), host="127.0.0.1", port=0, tls=both)
    server.start()
    trust = ssl.create_default_context(cafile=str(tls.certificate))
    url = f"https://127.0.0.1:{server.port}/v1/traces"
    with pytest.raises(httpx.TransportError):
        httpx.post(url, content=SPAN, headers={"content-type": PROTOBUF}, verify=trust)
    trust.load_cert_chain(tls.certificate, tls.key)
    assert httpx.post(url, content=SPAN, headers={"content-type": PROTOBUF}, verify=trust).status_code == 200
    server.stop()


def test_grpc_speaks_tls_with_the_given_certificate(handler: Handler, tls: Tls) -> None:
    server = GrpcServer(handler, host="127.0.0.1", port=0, tls=tls)
    server.start()
    trust = grpc.ssl_channel_credentials(tls.certificate.read_bytes())
    with grpc.secure_channel(f"localhost:{server.port}", trust) as channel:
        method: Any = channel.unary_unary(f"/{next(iter(SERVICES))}/Export", None, None)
        assert method(SPAN, timeout=20) == b""
    server.stop()


def test_a_certificate_that_cannot_be_read_and_a_port_in_use_are_named(handler: Handler, tmp_path: Path) -> None:
    missing = Tls(tmp_path / "no.crt", tmp_path / "no.key")
    with pytest.raises(UsageError, match="certificate"):
        HttpServer(build_app(handler), host="127.0.0.1", port=0, tls=missing).start()
    with pytest.raises(UsageError, match="gRPC"):
        GrpcServer(handler, host="127.0.0.1", port=0, tls=missing).start()
    first = HttpServer(build_app(handler), host="127.0.0.1", port=0)
    first.start()
    with pytest.raises(UsageError, match="cannot listen"):
        HttpServer(build_app(handler), host="127.0.0.1", port=first.port).start()
    with pytest.raises(UsageError, match="gRPC"):
        GrpcServer(handler, host="127.0.0.1", port=first.port).start()
    first.stop()
