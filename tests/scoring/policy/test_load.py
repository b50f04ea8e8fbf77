from __future__ import annotations

from pathlib import Path

import pytest

from conversation.errors import UsageError
from scoring.policy.load import PolicyError, load, shipped

BROKEN = """\
policy: shop
colour: red
facts:
  orders: {tools: lookup_order, key: result.order id}
rules:
  - id: one
    says: x
    source: {file: f}
    absence: {event: {tool: a, where: "args.x >"}}
  - id: two
    says: x
    source: {file: f}
    absence: {event: a}
    at_most: {event: a, times: 0}
  - id: three
    says: x
    source: {file: f}
    known: {order: "nothing[args.id]"}
    each: {event: a, must: "order.x == 1"}
  - id: four
    says: x
    source: {file: f}
    absence: {event: {reply: ["/(/"]}}
"""
HEADER_FIXED = BROKEN.replace("colour: red\n", "").replace("times: 0", "times: 1")


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load(path)
    return [problem.removeprefix(f"{path}:") for problem in caught.value.problems]


def test_every_mistake_is_told_at_once_with_line_and_rule(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADER_FIXED)
    assert [problem.split(":")[0] for problem in found] == ["9", "3", "8", "17", "22"]
    text = "\n".join(found)
    for words in ("rule two: rule: ", "'result.order id' is no path", "rule one: absence.event: `args.x >`"):
        assert words in text
    assert "rule three: known.order: there is no table 'nothing' under facts" in text
    assert "rule four: absence.event: /(/ is no regular expression" in text


def test_a_mistake_in_the_header_does_not_hide_those_in_the_rules(tmp_path: Path) -> None:
    text = "\n".join(problems(tmp_path, BROKEN))
    assert "2: colour: Extra inputs are not permitted" in text
    assert "14: rule two: at_most.times" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "a policy file is a mapping"),
        ("policy: p\nrules: []", "at least one rule"),
        (
            "policy: p\ntimezone: Nowhere/Else\nrules: [{id: a, says: s, source: {file: f}, absence: {event: a}}]",
            "no time zone",
        ),
        ("policy: p\npolicy: q\nrules: [{id: a, says: s, source: {file: f}, absence: {event: a}}]", "stands twice"),
        (
            "policy: p\nrules:\n" + 2 * "- {id: a, says: s, source: {file: f}, absence: {event: a}}\n",
            "rule a: this id stands twice",
        ),
        (
            "policy: p\nrules: [{id: a, says: s, source: {file: f}, absence: {event: {tool: a, where: nope == 1}}}]",
            "undeclared reference to 'nope'",
        ),
        (
            "policy: p\nrules: [{id: a, says: s, source: {file: f}, absence: {event: {tool: a, where: size(args)}}}]",
            "not true or false",
        ),
        (
            "policy: p\nrules: [{id: a, says: s, source: {file: f}, absence: {event: {tool: a, user: b}}}]",
            "exactly one of tool, user and reply",
        ),
        (
            "policy: p\nrules: [{id: a, says: s, source: {file: f}, within: {after: a, require: b}}]",
            "either seconds or turns",
        ),
        ("policy: p\nrules: [{id: a, says: s, source: {file: f}, absence: {event: {reply: $none}}}]", "no list $none"),
        (
            (
                "policy: p\nexamples: [{name: e, events: [a], expect: {b: pass}}]\n"
                "rules: [{id: a, says: s, source: {file: f}, absence: {event: a}}]"
            ),
            "no rule b",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_a_reason(tmp_path: Path, text: str, words: str) -> None:
    assert words in "\n".join(problems(tmp_path, text))


def test_the_version_follows_the_meaning_not_the_comments_or_examples(tmp_path: Path) -> None:
    text = shipped()[-1].read_text()
    versions: list[str] = []
    for change in (text, "# a comment\n" + text, text.replace("2.0", "3.0")):
        path = tmp_path / f"{len(versions)}.yaml"
        path.write_text(change)
        versions.append(load(path).version)
    assert versions[0] == versions[1] != versions[2]


def test_a_file_that_is_no_yaml_or_not_there_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("a: [")
    for name in ("p.yaml", "absent.yaml"):
        with pytest.raises(UsageError):
            load(tmp_path / name)
