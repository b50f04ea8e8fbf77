"""Values that may stand in what redaction has hidden: an account name is often the first half of an e-mail address.

Redaction replaces an address by `<email:...>` before anything is kept. A handle made of names (`ada_byron_42`) that
nobody else mentions may have been in it, so it cannot be called invented; any other identifier can.
"""

from __future__ import annotations

import re

from conversation.model import Role
from scoring.arguments.index import ConversationIndex, Mention

_ADDRESS = re.compile(r"<email:[0-9a-f]{6,}>")
_HANDLE = re.compile(r"[a-z]{2,}(?:[._-][a-z]{2,})+[._-]?\d*\Z", re.IGNORECASE)


def may_be_hidden(value: object, index: ConversationIndex, at: int) -> Mention | None:
    """The address before a message that a handle may have stood in; None for other values or where none was given."""
    if not isinstance(value, str) or not _HANDLE.match(value):
        return None
    for doc in index.docs:
        if doc.message < at and doc.role is not Role.ASSISTANT and "<email:" in doc.text:
            found = _ADDRESS.search(doc.text)
            if found:
                return Mention(doc, found.start(), found.end())
    return None
