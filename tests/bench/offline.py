"""Conversations a second that `floorline grade` grades on one core, and its memory over files of growing size.

`python -m tests.bench.offline [--repeats 1 4 16]`. Each file is graded by the command itself in a process of its own,
with the shipped scorecard; seconds are CPU seconds of that process from its first conversation on, start-up left out.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.labelled import CONVERSATIONS, SETS

_ROOT = Path(__file__).resolve().parents[2]
_CHILD = """
import re, sys, time
from pathlib import Path
from service.cli import grade
source, out = Path(sys.argv[1]), Path(sys.argv[2])
grade._card((None, None))
began = time.process_time()
grade.grade([source], out, json=True)
spent = time.process_time() - began
# Not getrusage: its peak survives exec, so it would be that of the process that started this one.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print("\\n" + repr((spent, peak / 1024)), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Graded:
    """One run of the command: CPU seconds, and the most memory its process held, in MB."""

    conversations: int
    cpu_seconds: float
    memory_mb: float


def grade(source: Path, repeats: int = 1) -> Graded:
    """Grade a `.jsonl.gz` file, written `repeats` times one after the other."""
    with tempfile.TemporaryDirectory(prefix="floorline-bench-") as place:
        copy = Path(place) / "copy.jsonl"
        with gzip.open(source, "rb") as lines:
            content = lines.read()
        with copy.open("wb") as sink:
            for _ in range(repeats):
                sink.write(content)
        command = [sys.executable, "-c", _CHILD, str(copy), str(Path(place) / "out.jsonl")]
        ended = subprocess.run(command, cwd=_ROOT, capture_output=True, check=True)
        spent, memory = orjson.loads(ended.stderr.splitlines()[-1].replace(b"(", b"[").replace(b")", b"]"))
        return Graded(content.count(b"\n") * repeats, spent, memory)


def show(repeats: list[int], console: Console) -> None:
    """The tables."""
    speed = Table("floorline grade, one core", "conversations", "CPU s", "ms each", "a second")
    for name in SETS:
        found = grade(CONVERSATIONS / f"{name}.jsonl.gz")
        each = found.cpu_seconds / found.conversations
        speed.add_row(
            name, str(found.conversations), f"{found.cpu_seconds:.2f}", f"{each * 1e3:.2f}", f"{1 / each:.0f}"
        )
    console.print(speed)
    memory = Table("memory by file size", "conversations", "MB at most")
    for times in repeats:
        found = grade(CONVERSATIONS / "natural.jsonl.gz", times)
        memory.add_row(f"natural x {times}", str(found.conversations), f"{found.memory_mb:.0f}")
    if repeats:
        console.print(memory)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--repeats", type=int, nargs="*", default=[1, 4, 16], help="sizes of the file for the memory table"
    )
    show(parser.parse_args().repeats, Console(width=120))


if __name__ == "__main__":
    main()
