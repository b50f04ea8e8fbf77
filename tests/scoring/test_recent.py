from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from conversation.model import Conversation
from scoring.recent import Recent


def test_what_was_made_of_a_conversation_is_given_again_until_another_comes() -> None:
    made: list[str] = []

    def make(conversation: Conversation) -> object:
        made.append(conversation.id)
        return object()

    recent = Recent(make)
    one, two = Conversation("1"), Conversation("2")
    assert recent.of(one) is recent.of(one)
    recent.of(two)
    recent.of(one)
    assert made == ["1", "2", "1"]


def test_two_equal_conversations_are_two() -> None:
    recent = Recent(lambda _conversation: object())
    one, two = Conversation("1"), Conversation("1")
    assert recent.of(one) is not recent.of(two)


def test_each_thread_has_its_own() -> None:
    recent = Recent(lambda _conversation: object())
    one = Conversation("1")
    mine = recent.of(one)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(recent.of, one).result() is not mine
    assert recent.of(one) is mine
