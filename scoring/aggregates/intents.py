"""The intent of a conversation, so that production conversations with one goal can count as trials of one task.

The signature comes from the customer's words alone: what they want done (`cancel`, `refund`, ...) and the kinds
of thing they name (an order `A-9`, an e-mail address). What the agent did is left out on purpose: a failure that called
the wrong tool, or none, must land in the same intent as the success it should have been.
Limits: English; two customers who want the same thing done to different kinds of booking share an intent.
"""

from __future__ import annotations

import re

from conversation.model import Conversation

_GOALS: dict[str, str] = {
    "cancel": r"cancel\w*|call off",
    "refund": r"refund\w*|money back|reimburse\w*",
    "return": r"return(?:ing|ed)? (?:it|this|the|my|an?|them)|send (?:it|them) back",
    "exchange": r"exchang\w+|swap\w*|replac\w+",
    "change": r"chang\w+|modif\w+|updat\w+|reschedul\w+|switch\w*|move (?:it|my|the)",
    "upgrade": r"upgrad\w+|downgrad\w+",
    "book": r"book(?:ing)? (?:an?|the|me|another|one)\b|reserv(?:e|ing)\b|new booking|buy\w*|purchas\w+",
    "baggage": r"bags?\b|baggage|luggage|suitcase\w*",
    "address": r"address\w*|moved (?:house|to)",
    "payment": r"\bpay\b|paying|payment|bill\b|charge\w*|invoice\w*",
    "compensation": r"compensat\w+|voucher\w*|certificate\w*",
    "status": r"where is|status|track\w*|on its way|delay\w*|arriv\w+",
    "fault": r"(?:not|n't|stopped) work\w*|broken|no (?:service|signal|internet|data)|slow\w*|error\w*|faulty?",
    "insurance": r"insur\w+",
    "person": r"\bhuman\b|real person|representative|supervisor",
}
_GOAL_PATTERNS = {name: re.compile(rf"\b(?:{words})", re.IGNORECASE) for name, words in _GOALS.items()}
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+|<email:\w+>")
_THING = re.compile(r"(?<![\w$.,-])#?(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?![\w-])")


def intent_of(conversation: Conversation, *, opening_turns: int = 3) -> str:
    """A signature such as `cancel+refund/A-9`, `none` where the customer states no known goal.

    Args:
        conversation: The conversation.
        opening_turns: Customers state what they want early on; later turns answer the agent's questions.
    """
    said = [turn.user or "" for turn in conversation.turns[:opening_turns]]
    goals = [name for name, pattern in _GOAL_PATTERNS.items() if any(pattern.search(text) for text in said)]
    things = sorted({shape for text in said for shape in _shapes(text)})
    return "+".join(goals or ["none"]) + ("/" + ",".join(things) if things else "")


def _shapes(text: str) -> set[str]:
    """Kinds of identifiers: letters as A, digits as 9, runs shortened."""
    found = {"email"} if _EMAIL.search(text) else set()
    for word in _THING.findall(_EMAIL.sub(" ", text)):
        plain = word.lstrip("#")
        shape = re.sub(r"\d+", "9", re.sub(r"[A-Za-z]+", "A", plain))
        found.add("code" if re.fullmatch(r"[A9]+", shape) else shape)
    return found
