"""`floorline doctor`: what an operator would check by hand when something is off."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from conversation.errors import FloorlineError
from scoring import scorecard
from service.settings import Settings

LOW_DISK_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `pass`, `fail`, or `inconclusive` where it could not be made."""

    check: str
    verdict: str
    finding: str


def _disk(settings: Settings) -> Finding:
    place = settings.data.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    text = f"{free / 1024**3:.1f} GiB free for {settings.data}"
    return Finding("disk", "pass" if free > LOW_DISK_BYTES else "fail", text)


def _writable(settings: Settings) -> Finding:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe = settings.data / ".doctor"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Finding("data directory", "fail", f"cannot write {settings.data}: {error.strerror}")
    return Finding("data directory", "pass", f"{settings.data} can be written")


def _scorecard(settings: Settings) -> Finding:
    try:
        card = scorecard.load(settings.grading.scorecard)
    except FloorlineError as error:
        return Finding("scorecard", "fail", str(error))
    return Finding("scorecard", "pass", f"{card.version}, {len(card.scorers)} scorers")


def _service(url: str) -> Finding:
    try:
        answer = httpx.get(f"{url.rstrip('/')}/readyz", timeout=5)
    except httpx.TransportError:
        return Finding("service", "inconclusive", f"nothing answers on {url}")
    problems = answer.json().get("problems", []) if answer.status_code in {200, 503} else [answer.text[:100]]
    return Finding("service", "fail" if problems else "pass", "; ".join(problems) or f"ready on {url}")


def _access(settings: Settings) -> Finding:
    book = Path(settings.data) / "keys.json"
    if book.exists():
        return Finding("access", "pass", "API keys are set up")
    if settings.on_loopback:
        return Finding("access", "pass", "no keys: open to this machine only")
    return Finding(
        "access", "fail", f"no keys while listening on {settings.host}: make one with `floorline keys create`"
    )


def examine(settings: Settings, url: str) -> list[Finding]:
    """All checks, in the order in which failures explain each other."""
    return [_writable(settings), _disk(settings), _access(settings), _scorecard(settings), _service(url)]
