from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conversation.model import Conversation, Message, Role
from scoring.arguments.index import ConversationIndex
from scoring.arguments.passage import Beginning, Passage

WORDS = st.sampled_from(["new", "york", "oslo", "to", "from", "a", "5", "may"])
SAID = st.lists(WORDS, max_size=6).map(" ".join)
ROLES = st.sampled_from([Role.USER, Role.ASSISTANT])


@given(
    st.lists(st.tuples(ROLES, SAID), max_size=8),
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
    st.integers(-1, 9),
)
def test_a_beginning_says_what_a_passage_of_the_same_messages_says(
    said: list[tuple[Role, str]], form: str, until: int
) -> None:
    messages = tuple(Message(at, role, text) for at, (role, text) in enumerate(said))
    index = ConversationIndex(Conversation("c", messages=messages))
    copied = Passage([doc for doc in index.docs if doc.message <= until], index)
    beginning = Beginning(index, until)
    assert beginning.docs == copied.docs
    assert beginning.says((form,)) == copied.says((form,))
    assert beginning.where(form) == copied.where(form)
    assert set(copied.words) <= set(beginning.words)
