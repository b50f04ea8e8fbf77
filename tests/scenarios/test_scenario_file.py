"""The YAML format: strict, stable, and told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.errors import UsageError
from conversation.model import Conversation
from conversation.verdict import Grade
from scenarios.promote import promote
from scenarios.scenario_file import read, read_all, to_yaml, write
from scenarios.spec import Recording, Scenario, User, UserTurn

GOLDEN = Path(__file__).parent / "refund.scenario.yaml"
SMALL = """\
format: 1
id: {id}
user:
  turns:
    - say: "Hello"
"""


def test_a_promoted_conversation_is_written_as_the_golden_file(failing: tuple[Conversation, Grade]) -> None:
    assert to_yaml(promote(*failing)) == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_file_reads_back_as_the_same_scenario(failing: tuple[Conversation, Grade]) -> None:
    [scenario] = read(GOLDEN)
    assert scenario.model_dump() == promote(*failing).model_dump()


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029\ufeff", exclude_categories=["Cc", "Cs"]),
    min_size=1,
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(_TEXT, below, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)  # other work on the machine must not fail a test
@given(say=_TEXT, arguments=st.dictionaries(_TEXT, _JSON, max_size=3), result=_JSON)
def test_writing_and_reading_gives_the_same_scenario(
    say: str, arguments: dict[str, object], result: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scenario = Scenario(
        format=1,
        id="x",
        user=User(turns=[UserTurn(say=say)]),
        recordings=[Recording(tool="get", arguments=arguments, result=result)],
    )
    path = tmp_path_factory.mktemp("s") / "x.scenario.yaml"
    path.write_text(to_yaml(scenario), encoding="utf-8")
    [back] = read(path)
    assert back.model_dump() == scenario.model_dump()


@pytest.mark.parametrize("word", ["yes", "No", "on", "2024-05-15", "12:30:00", "1_000", "0o7", "0x1F"])
def test_a_plain_word_that_yaml_1_1_would_convert_stays_text(word: str, tmp_path: Path) -> None:
    path = tmp_path / "a.scenario.yaml"
    path.write_text(SMALL.format(id="a").replace('"Hello"', word))
    assert read(path)[0].user.turns[0].say == word


def test_all_mistakes_of_all_documents_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.scenario.yaml"
    path.write_text(
        "format: 1\nid: a\nuser: {turns: []}\n"
        "---\nformat: 2\nid: 'b b'\nusr: 1\nuser:\n  turns:\n    - say: ''\ntools:\n  - name: t\n    kind: maybe\n"
        "---\nformat: 1\nid: c\nid: d\nuser: {goal: x}\n"
        "---\n- 1\n"
    )
    with pytest.raises(UsageError) as caught:
        read(path)
    lines = str(caught.value).splitlines()
    places = {int(line.split(":")[1]) for line in lines}
    assert places == {3, 5, 6, 7, 10, 13, 17, 20}
    assert all(line.startswith(f"{path}:") for line in lines)


def test_an_id_that_two_files_share_is_refused_with_both_named(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.scenario.yaml").write_text(SMALL.format(id="same"))
    with pytest.raises(UsageError, match=r"two\.scenario\.yaml: the id 'same' stands in .*one\.scenario\.yaml"):
        read_all([tmp_path])


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.scenario.yaml", "", "no scenario in this file"),
        ("a.scenario.yaml", "a: [", r":1: not YAML|:2: not YAML"),
        ("a.yaml", SMALL, "no \\*.scenario.yaml under"),
    ],
)
def test_a_folder_without_a_usable_scenario_is_refused(name: str, content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(UsageError, match=reason):
        read_all([tmp_path])


def test_a_path_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        read_all([tmp_path / "nothing"])


def test_writing_again_replaces_the_file(tmp_path: Path) -> None:
    scenario = Scenario(format=1, id="a", user=User(goal="x"))
    first = write(scenario, tmp_path / "new")
    assert write(scenario, tmp_path / "new") == first
    assert [path.name for path in first.parent.iterdir()] == ["a.scenario.yaml"]
