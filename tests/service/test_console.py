"""The console in a real Chromium: what it shows, and a hundred labels entered by keyboard."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from service.genai_spans import spans_of
from service.sender import Sender
from tests.service.conftest import Running
from tests.service.shop_traffic import visits

CHROMIUM = shutil.which("chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
LABELS = 100

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium"),
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A headless Chromium from the system's packages."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield made
        made.close()


def _fill(running: Running, count: int, *versions: str) -> None:
    sender = Sender(running.otlp)
    for visit in visits(count, *versions):
        sender.send(spans_of(visit))
    sender.close()
    running.graded(count)


def _open(browser: Browser, width: int = 1280) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    return page, problems


@pytest.mark.parametrize("width", [1280, 420])
def test_every_page_opens_without_errors_and_without_the_network(
    floorline: Running, browser: Browser, width: int
) -> None:
    _fill(floorline, 8, "1.0", "1.1")
    page, problems = _open(browser, width)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    listed = floorline.get("/api/v1/conversations")["conversations"]
    paths = [
        "/",
        "/conversations",
        "/latency",
        "/costs?by=tool",
        "/review",
        "/drift",
        "/incidents",
        "/scenarios",
        "/ledger",
    ]
    for path in [*paths, *(f"/conversations/{item['conversation_id']}" for item in listed[:3])]:
        answer = page.goto(f"{floorline.api}{path}")
        assert answer is not None
        assert answer.status == 200, path
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        assert not wide, f"{path} is wider than the window"
    assert not problems
    assert all(url.startswith((floorline.api, "data:")) for url in asked)


def test_the_keyboard_leads_from_the_list_into_a_conversation_and_back(floorline: Running, browser: Browser) -> None:
    _fill(floorline, 4, "1.1")
    page, _ = _open(browser)
    page.goto(f"{floorline.api}/conversations")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/demo-*")
    page.keyboard.press("u")
    page.wait_for_url("**/conversations")
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.wait_for_url("**/ledger")


def _kappa(pairs: list[tuple[str, str]]) -> float:
    """Cohen's kappa from its definition (https://doi.org/10.1177/001316446002000104)."""
    n = len(pairs)
    observed = sum(machine == human for machine, human in pairs) / n
    expected = sum(
        (sum(machine == word for machine, _ in pairs) / n) * (sum(human == word for _, human in pairs) / n)
        for word in ("pass", "fail")
    )
    return (observed - expected) / (1 - expected)


def test_a_hundred_labels_entered_by_keyboard_give_the_kappa_one_computes_by_hand(
    floorline: Running, browser: Browser
) -> None:
    _fill(floorline, LABELS, "1.0", "1.1")
    page, problems = _open(browser)
    page.goto(f"{floorline.api}/review")
    page.locator("tr[data-row] a").first.click()
    human: dict[str, str] = {}
    for number in range(LABELS):
        page.wait_for_load_state("load")
        name = page.url.split("/conversations/")[1].split("?")[0]
        assert name not in human
        shown = page.locator("h1 .tag").inner_text()
        # People agree with the machine but for every seventh conversation.
        human[name] = {"pass": "fail", "fail": "pass"}.get(shown, "fail") if number % 7 == 0 else shown
        if human[name] not in {"pass", "fail"}:
            human[name] = "pass"
        with page.expect_navigation():
            page.keyboard.press(human[name][0])
    assert not problems
    assert len(human) == LABELS
    machine = {
        item["conversation_id"]: item["verdict"]
        for item in floorline.get("/api/v1/conversations", limit=500)["conversations"]
    }
    decided = [(machine[name], word) for name, word in human.items() if machine[name] in {"pass", "fail"}]
    rows = floorline.get("/api/v1/agreement")["agreement"]
    row = next(row for row in rows if row["scorer"] == "conversation")
    assert row["n"] == len(decided)
    assert row["kappa"] == pytest.approx(_kappa(decided), abs=1e-9)
    assert row["low"] < row["kappa"] < row["high"]
