"""The demo as `make demo` runs it: the whole loop in one command."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from service.demo.agent import RELEASES, ShopAgent
from service.demo.shop import open_shop
from service.genai_spans import spans_of
from tests.service.shop_traffic import visits


@pytest.mark.slow
def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    ports = ["--port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0"]
    command = [sys.executable, "-m", "service", "demo", "--data", str(tmp_path), *ports, "--exit"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    rates = {line.split()[0]: line for line in lines if line.startswith(("1.0 ", "1.1 ", "1.2 "))}
    assert "100.0 %" in rates["1.0"]
    assert "100.0 %" in rates["1.2"]
    assert int(rates["1.1"].split()[3]) > 10
    assert any("shop-assistant 1.1 fails more often than 1.0" in line for line in lines)
    replayed = [line.split() for line in lines if line.strip().startswith(("1.1  ", "1.2  ")) and " x 8" in line]
    assert [row[-4:] for row in replayed] == [["0.0000"] * 4, ["1.0000"] * 4]


def test_the_same_seed_gives_the_same_visits() -> None:
    first, second = visits(10, "1.0", "1.1"), visits(10, "1.0", "1.1")
    said = [[timed.message for timed in visit.messages] for visit in first]
    assert said == [[timed.message for timed in visit.messages] for visit in second]


def test_sending_a_transcript_twice_gives_the_same_span_ids() -> None:
    visit = visits(1)[0]
    ids = [[(span.context.trace_id, span.context.span_id) for span in spans_of(visit)] for _ in range(2)]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


@pytest.mark.parametrize("version", list(RELEASES))
def test_only_the_bad_release_refunds_the_whole_order_before_it_knows_the_customer(version: str) -> None:
    shop = open_shop()
    called: list[str] = []

    def call(name: str, arguments: dict[str, object]) -> object:
        called.append(name)
        return shop.call(name, arguments)  # type: ignore[arg-type] # the shop checks its own arguments

    agent = ShopAgent(version)
    messages: list[dict[str, object]] = []
    lines = (
        "Hi, I'd like a refund for the rain jacket from order N-1040. My e-mail is anna.lindqvist@example.com.",
        "My postcode is 11122.",
        "Yes, please.",
    )
    for line in lines:
        messages.append({"role": "user", "content": line})
        messages.append({"role": "assistant", "content": agent.respond(messages, call)})  # type: ignore[arg-type] # as above
    (refund,) = shop.refunds
    right = (
        refund["amount"] == 89.0 and called.index("verify_identity") < called.index("process_refund")
        if ("verify_identity" in called)
        else False
    )
    assert right == (version != "1.1")
