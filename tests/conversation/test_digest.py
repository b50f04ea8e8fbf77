from __future__ import annotations

from dataclasses import replace

from conversation.digest import digest
from conversation.model import Conversation, Message, Role, ToolCall, Turn

CALL = ToolCall("c", "find", {"b": 1, "a": [1.5, None, "x"]})
TURN = Turn(0, "tool_call", "q", "a", 0, 0, tool_calls=(CALL,))
CONVERSATION = Conversation("c", messages=(Message(0, Role.USER, "q"),), turns=(TURN,))


def test_the_same_content_has_the_same_digest_forever() -> None:
    # The digest is stored with each grade: a change of its form would grade all of history again.
    assert digest(CONVERSATION) == digest(replace(CONVERSATION))
    assert len(digest(CONVERSATION)) == 64


def test_the_order_of_keys_does_not_matter() -> None:
    turned = replace(TURN, tool_calls=(replace(CALL, arguments={"a": [1.5, None, "x"], "b": 1}),))
    assert digest(replace(CONVERSATION, turns=(turned,))) == digest(CONVERSATION)


def test_how_the_content_got_here_does_not_matter() -> None:
    moved = replace(CONVERSATION, revision=7, project="other", id_rule="trace id", notes=("late",))
    assert digest(moved) == digest(CONVERSATION)


def test_any_change_of_content_changes_the_digest() -> None:
    changed = [
        replace(CONVERSATION, user_id="u"),
        replace(CONVERSATION, messages=()),
        replace(CONVERSATION, turns=(replace(TURN, reply="b"),)),
        replace(CONVERSATION, turns=(replace(TURN, tool_calls=(replace(CALL, arguments={"b": 2}),)),)),
        replace(CONVERSATION, ended=True),
    ]
    assert len({digest(one) for one in [CONVERSATION, *changed]}) == len(changed) + 1


def test_numbers_beyond_64_bits_have_a_digest_too() -> None:
    huge = replace(TURN, tool_calls=(replace(CALL, arguments={"n": 2**70}),))
    assert digest(replace(CONVERSATION, turns=(huge,))) != digest(CONVERSATION)
