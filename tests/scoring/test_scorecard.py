from __future__ import annotations

from pathlib import Path

import pytest

from conversation.errors import UsageError
from scoring.scorecard import load

PLAIN = "name: shop\nscorers:\n  - name: latency\n"


def _file(folder: Path, text: str, name: str = "scorecard.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_shipped_scorecard_loads_and_grades_arguments_policy_and_latency() -> None:
    assert {"tool_arguments", "policy", "latency"} <= {bound.name for bound in load().scorers}


def test_the_version_is_the_content_and_nothing_else(tmp_path: Path) -> None:
    first = load(_file(tmp_path, PLAIN)).version
    assert first.startswith("shop@")
    assert load(_file(tmp_path, f"# a remark\n{PLAIN}", "other.yaml")).version == first
    changed = PLAIN + "    parameters: {channels: {voice: 0.9}}\n"
    assert load(_file(tmp_path, changed)).version != first


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        "name: shop\nscorers:\n  - name: latency\n    wait: 3\n  - name: latency\n    sample: 2\ncolour: red\n",
    )
    with pytest.raises(UsageError) as caught:
        load(path)
    told = str(caught.value).splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in told] == ["4", "6", "7"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: x\nscorers:\n  - name: nothing\n", r":3: scorers\.0\.name: no scorer named 'nothing'"),
        ("name: x\nscorers:\n  - name: latency\n  - name: latency\n", r":4: .*stands twice"),
        ("name: x\nname: y\nscorers:\n  - name: latency\n", r":2: name: this key stands twice"),
        ("name: x\nscorers:\n  - name: latency\n    parameters:\n      channels: {voice: -1}\n", r":5: .*greater than"),
        ("name: x\nscorers:\n  - name: latency\n    parameters: {wait: 1}\n", r":4: .*Extra inputs"),
        ("name: x\nscorers: [\n", "not YAML"),
        ("name: x\nscorers: []\n", ":2: scorers: "),
        ("name: x\ndimensions: {speed: {threshold: 1}}\nscorers:\n  - name: latency\n", ":2: .*no scorer belongs"),
        ("name: x\nscorers:\n  - {name: latency, use: latency, python: 'a.py:A'}\n", ":3: .*not both"),
        (
            "name: x\nscorers:\n  - name: policy\n    parameters: {files: [gone.yaml]}\n",
            ":4: .*gone.yaml does not exist",
        ),
    ],
    ids=[
        "unknown scorer",
        "same name",
        "same key",
        "value",
        "unknown parameter",
        "not yaml",
        "empty",
        "dimension",
        "two sources",
        "missing policy",
    ],
)
def test_a_mistake_is_told_with_file_line_and_place(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        load(_file(tmp_path, text))


def test_problems_of_several_scorers_are_told_together(tmp_path: Path) -> None:
    path = _file(tmp_path, "name: x\nscorers:\n  - name: nothing\n  - name: nobody\n  - name: latency\n")
    with pytest.raises(UsageError, match=r"(?s)nothing.*\n.*nobody"):
        load(path)


def test_a_users_scorer_is_part_of_the_version(tmp_path: Path) -> None:
    path = _file(tmp_path, "name: x\nscorers:\n  - {name: mine, python: 'mine.py:Mine'}\n")
    code = (
        "from scoring.protocol import Parameters\n"
        "class Mine:\n name = 'mine'\n version = '1'\n parameters_type = Parameters\n"
        " def __init__(self, parameters): pass\n def score(self, conversation, context): return ()\n"
    )
    _file(tmp_path, code, "mine.py")
    first = load(path).version
    _file(tmp_path, f"{code}# changed\n", "mine.py")
    assert load(path).version != first
