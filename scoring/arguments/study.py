"""A conversation with all that the checks of calls share: index, argument leaves, and the moment of each call.

Several scorers look at the same conversation one after the other; the last few studies are kept by object identity.
"""

from __future__ import annotations

from itertools import groupby

from conversation.model import Conversation
from scoring.arguments.arguments import Argument, arguments_of
from scoring.arguments.index import ConversationIndex
from scoring.arguments.moment import Moments
from scoring.recent import Recent


class Study:
    """One conversation, prepared.

    Attributes:
        index: Everything it says.
        arguments: Every argument leaf of every call, in the order of the calls.
        groups: The same by number of the call.
        moments: The exchange around each call.

    Args:
        conversation: The conversation.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.index = ConversationIndex(conversation)
        self.arguments: list[Argument] = arguments_of(self.index)
        self.groups = {key: list(members) for key, members in groupby(self.arguments, key=lambda one: one.call_number)}
        self.moments = Moments(self.index, self.arguments)


_STUDIES = Recent(Study)


def study_of(conversation: Conversation) -> Study:
    """The study of a conversation, from the last few if it is the same object."""
    return _STUDIES.of(conversation)
