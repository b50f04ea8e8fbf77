"""Settings: all problems at once, each with where it was set, and a clear order of precedence."""

from __future__ import annotations

from pathlib import Path

import pytest

from conversation.errors import UsageError
from service import settings


def test_all_problems_are_reported_together_with_their_lines(tmp_path: Path) -> None:
    config = tmp_path / "floorline.yaml"
    config.write_text("port: 99999\ngrading:\n  idle_second: 3\n  tick_seconds: 0\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        settings.load(config)
    text = str(caught.value)
    assert f"{config}:1: port" in text
    assert f"{config}:3: grading.idle_second: unknown setting" in text
    assert f"{config}:4: grading.tick_seconds" in text


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "floorline.yaml"
    config.write_text("port: 1000\notlp_http_port: 1001\ngrading: {idle_seconds: 1, shards: 2}\n", encoding="utf-8")
    monkeypatch.setenv("FLOORLINE_OTLP_HTTP_PORT", "2001")
    monkeypatch.setenv("FLOORLINE_GRADING__IDLE_SECONDS", "2")
    found = settings.load(config, {"port": 3000})
    assert (found.port, found.otlp_http_port) == (3000, 2001)
    assert (found.grading.idle_seconds, found.grading.shards) == (2, 2)


def test_listening_beyond_this_machine_without_keys_is_refused(tmp_path: Path) -> None:
    from service.wiring import build  # noqa: PLC0415 - the engine loads only where it is needed

    chosen = settings.load(overrides={"data": str(tmp_path), "host": "0.0.0.0"})  # noqa: S104 - what is refused
    with pytest.raises(UsageError, match="floorline keys create"):
        build(chosen)


def test_only_settings_reads_the_environment() -> None:
    root = Path(settings.__file__).parent.parent
    packages = ("conversation", "store", "ingest", "scoring", "alerts", "scenarios", "service")
    sources = [path for package in packages for path in (root / package).rglob("*.py")]
    readers = [path for path in sources if "os.environ" in path.read_text() or "getenv(" in path.read_text()]
    assert [path.relative_to(root).as_posix() for path in readers] in ([], ["scoring/llm.py"])
