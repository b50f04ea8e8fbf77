"""Whether the customer agreed to a write: details listed by the assistant, then a yes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from conversation.model import Role
from scoring.arguments.arguments import Argument
from scoring.arguments.moment import Moment
from scoring.arguments.normal import plain

_YES = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|ok|okay|correct|confirm(?:ed)?|proceed|go ahead|absolutely|definitely|"
    r"of course|agreed?|"
    r"please do|do (?:it|that|so)|sounds? (?:good|great|fine|right|perfect)|"
    r"looks? (?:good|great|fine|right|correct|perfect)|(?:that|it|this)(?:'s| is| works| will)|"
    r"works for me|perfect|great|fine|right|exactly|please|"
    r"i(?:'d| would) like|i want|book|make|let's)\b"
)
_NO = re.compile(r"\b(?:no|nope|not yet|don't|do not|wait|hold on|stop|never mind|nevermind|instead|rather)\b")
_ASKS = re.compile(
    r"\?|\b(?:confirm|proceed|would you like|shall i|should i|is that (?:ok|correct|right)|let me know)\b"
)
_COMPARED = frozenset({"id", "text", "enum", "number", "date", "time"})


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a write came about.

    Attributes:
        listed: Share of the write's arguments that the assistant's last text before the customer's message names.
        asked: Whether that text asked for something.
        yes: Whether the customer's message agrees.
        told: Share of the arguments that the customer's own message names.
    """

    listed: float
    asked: bool
    yes: bool
    told: float

    @property
    def given(self) -> bool:
        """Whether the customer agreed to what was put to them, or asked for exactly this."""
        return self.yes or self.told >= 0.5  # noqa: PLR2004 - most of the call in the customer's words


def agreement_of(group: list[Argument], moment: Moment) -> Agreement:
    """The agreement before one call, given all its arguments."""
    offers = [doc.text for doc in moment.scope.docs if doc.role is Role.ASSISTANT and doc.message < moment.user_message]
    said = plain(" ".join(doc.text for doc in moment.asked.docs))
    offer = plain(" ".join(offers))
    return Agreement(
        listed=_share(group, moment.listed.says),
        asked=bool(_ASKS.search(offer)),
        yes=bool(_YES.search(said)) and not (_NO.match(said)),
        told=_share(group, moment.asked.says),
    )


def _share(group: list[Argument], says: object) -> float:
    compared = [one for one in group if one.kind in _COMPARED and one.forms]
    if not compared or not callable(says):
        return 0.0
    return sum(bool(says(one.forms)) for one in compared) / len(compared)
