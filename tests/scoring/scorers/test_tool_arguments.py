from __future__ import annotations

from conversation.verdict import Verdict
from scoring.protocol import Context
from scoring.scorers.tool_arguments import ToolArgumentsParameters, ToolArgumentsScorer
from tests.scoring.arguments.conversations import Script

SCRIPT = Script().ask("I am ada_byron_42.").call("get_user", {"user_id": "ada_byron_77"})


def test_every_argument_gets_one_row_with_value_source_and_evidence() -> None:
    [score] = ToolArgumentsScorer(ToolArgumentsParameters()).score(SCRIPT.conversation, Context())
    assert (score.name, score.verdict, score.label) == ("tool_arguments", Verdict.FAIL, "ungrounded")
    assert (score.argument_path, score.argument_value, score.turn) == ("/user_id", "ada_byron_77", 0)
    assert score.source == {"kind": "ungrounded", "strength": 0.0, "text": "occurs nowhere before the call"}


def test_the_threshold_moves_the_verdict_and_not_the_suspicion() -> None:
    [strict] = ToolArgumentsScorer(ToolArgumentsParameters(flag_at=0.5)).score(SCRIPT.conversation, Context())
    [lenient] = ToolArgumentsScorer(ToolArgumentsParameters(flag_at=1.0)).score(SCRIPT.conversation, Context())
    assert (strict.verdict, lenient.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert strict.value == lenient.value
    assert lenient.label == "ok"


def test_a_schema_learned_from_history_stands_in_for_a_missing_one() -> None:
    learned = {"lookup": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}}
    script = Script(tools=[]).ask("Look it up.").call("lookup", {"p": "up"})
    context = Context(baselines={"tool_arguments": learned})
    rows = list(ToolArgumentsScorer(ToolArgumentsParameters(flag_at=0.5)).score(script.conversation, context))
    assert {(row.argument_path, row.label) for row in rows} == {("/p", "schema"), ("/q", "schema")}
