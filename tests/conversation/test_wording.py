"""A wording finds what its regular expression finds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.turn_types import TurnTypes
from conversation.wording import Wording
from scoring.policy import lexicon

HARD = [
    r"\b(?:fee|charge)s?\b",
    r"[$€]\s?\d",
    r"^(?:ok|sure)\W",
    r"\bkiss\b(?! me)",
    r"(?<!not )allowed",
    r"\w+n't\b",
    r"ä",
    r"[^a-z ]{2}",
    r"[^€]x",
    r"[]$]\d",
    r"fine$",
    r"fine\Z",
    r"(?P<word>\w+) (?P=word)",
    r"\bi\b[^.?!]{0,60}\bcannot\b(?=.)",
    r"a{12}",
    r"[^\x00-\x7f]",
    r"(?=[(])\(b",
    r"\$5",
    r"\u2019s",
    r"[^\s]\s{2,}",
]
PARTS = [
    *(
        "FEE",
        "fee",
        "Charges",
        "€",
        "$5",
        "5",
        "OK",
        "sure",
        "i cannot",
        "I",
        "kiss",
        "kiss me",
        "KI\u017fS",
        "\u212aiss",
    ),
    *(
        "not allowed",
        "allowed",
        "don't",
        "DON'T",
        "don\u2019t",
        "Ä",
        "ä",
        "é",
        "\u017f",
        "İ",
        "!!",
        "x",
        "ax",
        "]5",
        "fine",
    ),
    *(
        "fine\n",
        "the the",
        "(b",
        "→",
        "\u202f",
        "\x0b",
        "\x1c",
        "yes",
        "please proceed",
        "no",
        "unable to",
        "policy",
        ".",
    ),
    *("if you want,", "12 dollars", "would you like me to proceed?", "aaaaaaaaaaaa", "per our policy", "\t", "\ud800"),
]
texts = st.lists(st.sampled_from(PARTS), max_size=8).flatmap(
    lambda parts: st.sampled_from(["", " ", " ", ". "]).map(lambda gap: gap.join(parts))
)


def _shipped() -> list[Wording]:
    rules = TurnTypes.built_in()._rules
    return [one for rule in rules for one in (rule.reply, rule.not_reply, rule.user) if one] + [
        lexicon.YES,
        lexicon.NO,
        lexicon.ASK,
        lexicon.REFUSAL,
    ]


WORDINGS = [Wording(pattern, flags) for pattern in HARD for flags in (0, re.IGNORECASE)] + _shipped()


@given(texts)
def test_a_wording_finds_what_its_regular_expression_finds(text: str) -> None:
    for wording in WORDINGS:
        found = wording.pattern.search(text)
        assert wording.occurs(text) == (found is not None), wording.pattern.pattern
        assert _span(wording.search(text)) == _span(found), wording.pattern.pattern
        assert [_span(one) for one in wording.finditer(text)] == [
            _span(one) for one in wording.pattern.finditer(text)
        ], wording.pattern.pattern
        assert wording.sub("_", text) == wording.pattern.sub("_", text), wording.pattern.pattern


def _span(match: Any) -> tuple[int, int] | None:
    return match.span() if match else None


@pytest.mark.parametrize("flags", [re.MULTILINE, re.DOTALL, re.VERBOSE, re.IGNORECASE | re.MULTILINE | re.DOTALL])
def test_flags_are_heeded(flags: int) -> None:
    wording = Wording(r"^b.C$ # d", flags)
    for text in ("b\nC # d", "a\nb.c # d", "bxC", "B\nc # D\n"):
        assert wording.occurs(text) == bool(re.search(wording.pattern.pattern, text, flags))


def test_a_long_text_is_searched_to_its_end() -> None:
    assert Wording(r"\bthe end\b").occurs("so it goes on. " * 2_000 + "The end, the end")
    assert not Wording(r"\bthe end\b").occurs("so it goes on. " * 2_000)


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(re.error):
        Wording("(")
