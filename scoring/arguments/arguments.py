"""The argument leaves of a conversation's calls, each with its schema and its place in time."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from conversation.model import JSON, ToolCall
from scoring.arguments.index import ConversationIndex
from scoring.arguments.leaves import LeafSchema, Path, field_of, leaf_schema, leaves, pointer
from scoring.arguments.normal import forms, kind_of, words

_PROSE_WORDS = 6  # a value of more words is composed, not copied
_PROSE_NAME = re.compile(
    r"summary|reason|note|comment|message|body|content|description|explanation|details|expression|query|question|prompt|thought|instruction"
)
_PROSE_DESCRIPTION = re.compile(
    r"summar|reason|free[- ]?(?:form )?text|explanation|message to|describ|express|in your own words|note"
)
_ID_SHAPE = re.compile(r"(?=.*\d)(?=.*[a-z_#])[\w#@.:-]{4,}\Z|\d{5,}\Z", re.IGNORECASE)
_ID_FIELD = re.compile(r"(?:^|_)(?:id|ids|uuid|key|code|number|no|ref|reference|token|sku)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=4096)
def field_words(name: str) -> tuple[str, ...]:
    """The words of a field name: `departure_date` and `departureDate` give departure, date."""
    return tuple(words(_CAMEL.sub(" ", name)))


class Argument(NamedTuple):
    """One leaf of a call's arguments.

    `kind` is `number`, `date`, `time`, `bool`, `enum`, `id`, `text`, `prose` or `empty`: how its value is compared.
    `at` is the position of the message that made the call: only what came before can be its source.
    """

    call: ToolCall
    call_number: int
    at: int
    path: Path
    name: str
    value: JSON
    forms: tuple[str, ...]
    schema: LeafSchema
    kind: str

    @property
    def pointer(self) -> str:
        """JSON pointer into the call's arguments."""
        return pointer(self.path)


def names_subject(argument: Argument) -> bool:
    """Whether an argument is the id of what its tool is about: `order_id` of `cancel_order`, not who pays with what."""
    if argument.kind != "id" or len(argument.path) > 1:
        return False
    return bool(set(field_words(argument.name)) & set(field_words(argument.call.name)))


def is_prose(name: str, value: str, schema: LeafSchema) -> bool:
    """Whether a text is the agent's own words (a summary, a reason) rather than a value taken from somewhere."""
    if schema.enum:
        return False
    count = len(words(value))
    if count > _PROSE_WORDS:
        return True
    return count > 1 and _holds_prose(name, schema.description) and not _ID_SHAPE.match(value)


@lru_cache(maxsize=4096)
def _holds_prose(name: str, description: str) -> bool:
    return bool(_PROSE_NAME.search(name.lower()) or _PROSE_DESCRIPTION.search(description.lower()))


@lru_cache(maxsize=4096)
def _holds_id(name: str) -> bool:
    return bool(_ID_FIELD.search(name.lower()))


def kind_of_value(name: str, value: JSON, value_forms: tuple[str, ...], schema: LeafSchema) -> str:
    """How a value is compared; see `Argument.kind`."""
    if isinstance(value, bool) or (isinstance(value, str) and value.lower() in {"true", "false"}):
        return "bool"
    if value is None or value in ("", [], {}):
        return "empty"
    first = kind_of(value_forms[0]) if value_forms else "text"
    if first in {"date", "time"}:
        return first
    if first == "number" and not (isinstance(value, str) and looks_like_id(name, value)):
        return "number"
    if schema.enum:
        return "enum"
    if isinstance(value, str):
        if is_prose(name, value, schema):
            return "prose"
        if looks_like_id(name, value):
            return "id"
    return "text"


def looks_like_id(name: str, value: str) -> bool:
    """Whether a string is an identifier by its shape or, for digits alone, by its field's name."""
    if " " in value.strip():
        return False
    if value.isdigit():
        return len(value) > 4 or (len(value) > 2 and _holds_id(name))  # noqa: PLR2004 - shorter runs are quantities
    named = len(value) > 3 and _holds_id(name)  # noqa: PLR2004 - shorter values are codes
    return named or bool(_ID_SHAPE.match(value))


def arguments_of(index: ConversationIndex) -> list[Argument]:
    """All argument leaves of all calls, in the order of the calls."""
    schemas = {tool.name: tool.parameters for tool in index.conversation.tools}
    found: list[Argument] = []
    governed: dict[tuple[str, Path], LeafSchema] = {}
    for number, call in enumerate(index.calls):
        at = call.message if call.message is not None else len(index.conversation.messages)
        for path, value in leaves(call.arguments):
            if not path:
                continue
            name = field_of(path)
            place = (call.name, path)
            schema = governed.get(place) or governed.setdefault(place, leaf_schema(schemas.get(call.name), path))
            value_forms = forms(value)
            kind = kind_of_value(name, value, value_forms, schema)
            if kind == "prose" and value_forms[-1:] and value_forms[-1] in index.facts_by_form:
                kind = "text"  # long, but copied: a title or a full name that a tool returned
            found.append(Argument(call, number, at, path, name, value, value_forms, schema, kind))
    return found
