"""The whole way on loopback: graded conversations, a real Prometheus, a real Alertmanager, an incident."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from alerts import render, webhook
from alerts.channels import AlertmanagerChannel
from alerts.fire import test_fire as fire
from alerts.incidents import Incident, Incidents
from alerts.metrics import Metrics
from conversation.verdict import Score, Verdict
from tests.alerts.conftest import MemoryIncidents, graded, turn

pytestmark = [pytest.mark.prometheus, pytest.mark.slow, pytest.mark.timeout(120)]
TOKEN = "chain-test"
PATIENCE_SECONDS = 60


class Floorline(ThreadingHTTPServer):
    """A service as small as can be: `/metrics`, and the webhook behind a bearer token."""

    daemon_threads = True

    def __init__(self) -> None:
        self.metrics = Metrics("test")
        self.incidents = Incidents(MemoryIncidents())
        self.deliveries = 0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Floorline

    def do_GET(self) -> None:
        kind, body = self.server.metrics.render(self.headers.get("Accept"))
        self._answer(200, kind, body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._answer(401, "text/plain", b"")
            return
        self.server.incidents.record("default", webhook.read(body), time.time_ns())
        self.server.deliveries += 1
        self._answer(200, "text/plain", b"")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Quiet: a test's output is its failures."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(what: str, found: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found():
            return
        time.sleep(0.1)
    pytest.fail(f"no {what} within {PATIENCE_SECONDS} s")


def answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.TransportError:
        return False


@contextmanager
def running(log: Path, *command: str) -> Iterator[None]:
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            yield
        finally:
            process.terminate()


class Chain:
    """The three programs and the ports they listen on."""

    def __init__(self, folder: Path, program: Callable[[str], str], stack: ExitStack) -> None:
        self.floorline = Floorline()
        stack.callback(self.floorline.server_close)
        stack.callback(self.floorline.shutdown)
        threading.Thread(target=self.floorline.serve_forever, daemon=True).start()
        self.prometheus = f"http://127.0.0.1:{free_port()}"
        self.alertmanager = f"http://127.0.0.1:{free_port()}"
        render.render(folder)
        self._configure(folder)
        stack.enter_context(
            running(
                folder / "alertmanager.log",
                program("prometheus-alertmanager"),
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={self.alertmanager.removeprefix('http://')}",
                "--cluster.listen-address=",
            )
        )
        stack.enter_context(
            running(
                folder / "prometheus.log",
                program("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={self.prometheus.removeprefix('http://')}",
                "--enable-feature=exemplar-storage",
            )
        )
        wait_for("Alertmanager", lambda: answers(f"{self.alertmanager}/-/ready"))
        wait_for("Prometheus", lambda: answers(f"{self.prometheus}/-/ready"))

    def _configure(self, folder: Path) -> None:
        """The shipped rules with intervals of a second."""
        target = f"127.0.0.1:{self.floorline.server_address[1]}"
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{folder / render.RULES}]\n"
            "alerting: {alertmanagers: [{static_configs: [{targets: ['"
            f"{self.alertmanager.removeprefix('http://')}']}}]}}]}}\n"
            f"scrape_configs: [{{job_name: floorline, static_configs: [{{targets: ['{target}']}}]}}]\n"
            "storage: {exemplars: {max_exemplars: 1000}}\n"
        )
        (folder / "alertmanager.yml").write_text(
            "route: {receiver: floorline, group_by: [alertname, agent], "
            "group_wait: 1s, group_interval: 1s, repeat_interval: 1h}\n"
            "receivers:\n- name: floorline\n  webhook_configs:\n"
            f"  - url: http://{target}/hook\n    http_config: {{authorization: {{credentials: {TOKEN}}}}}\n"
        )

    def query(self, expression: str) -> list[object]:
        reply = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expression})
        return list(reply.json()["data"]["result"])

    def incidents(self, kind: str) -> list[Incident]:
        return [found for found in self.floorline.incidents.list("default") if found.kind == kind]

    def grade(self, first: int, count: int, *, bad: bool) -> None:
        score = Score("latency.small_talk", Verdict.FAIL if bad else Verdict.PASS, turn=0)
        for number in range(first, first + count):
            slow = turn(0, "small_talk", 9.0 if bad else 0.5, tool_calls=(), model_calls=())
            self.floorline.metrics.observe(*graded(f"c{number}", turns=[slow], scores=[score]))


@pytest.fixture
def chain(tmp_path: Path, program: Callable[[str], str]) -> Iterator[Chain]:
    with ExitStack() as stack:
        yield Chain(tmp_path, program, stack)


def test_slow_turns_become_an_incident_and_its_end_closes_it(chain: Chain) -> None:
    alert = "FloorlineSmallTalkLatencyBudgetBurn"
    chain.grade(0, 1, bad=False)
    wait_for("first scrape", lambda: bool(chain.query('floorline_conversations_total{outcome="pass"} == 1')))
    chain.grade(1, 100, bad=True)
    wait_for("page", lambda: any(found.severity == "page" and found.open for found in chain.incidents(alert)))
    (page,) = [found for found in chain.incidents(alert) if found.severity == "page"]
    assert page.labels["agent"] == "shop"
    assert page.labels["slo"] == "small-talk-latency"
    assert page.runbook.endswith(f"#{alert.lower()}")
    exemplars = httpx.get(
        f"{chain.prometheus}/api/v1/query_exemplars",
        params={
            "query": "floorline_turn_duration_seconds_bucket",
            "start": str(time.time() - 100),
            "end": str(time.time() + 1),
        },
    ).json()["data"]
    assert {e["labels"]["conversation_id"] for series in exemplars for e in series["exemplars"]} & {"c100", "c1", "c0"}
    chain.grade(1000, 20_000, bad=False)
    wait_for("end", lambda: not any(found.open for found in chain.incidents(alert)))
    assert len([found for found in chain.incidents(alert) if found.severity == "page"]) == 1


def test_a_synthetic_failure_goes_through_alertmanager_and_opens_no_incident(chain: Chain) -> None:
    with httpx.Client() as http:
        (fired,) = fire([AlertmanagerChannel(chain.alertmanager, http=http)], time.time_ns())
    assert fired.delivered
    wait_for("delivery", lambda: chain.floorline.deliveries > 0)
    assert chain.incidents("FloorlineTest") == []
