"""Traces each argument to its source: said, returned, fixed, derived, composed, or from nowhere."""

from __future__ import annotations

from functools import lru_cache

from conversation.model import Role
from scoring.arguments.arguments import Argument, field_words
from scoring.arguments.derive import derivation
from scoring.arguments.hidden import may_be_hidden
from scoring.arguments.index import ConversationIndex, Mention, before
from scoring.arguments.leaves import pointer
from scoring.arguments.loose import abbreviated, dialogue, joined, loose_match
from scoring.arguments.normal import text_form
from scoring.arguments.source import Origin, Source

_ANY = frozenset({"dontcare", "any", "all", "none", "null", "other", "default", "unknown"})
_HIDDEN = 0.7  # an address and a name are mostly one person's
_EXPANSION = 24  # words of a message shown around nothing: evidence stays on one line


def source_of(argument: Argument, index: ConversationIndex, policy_text: str = "") -> Source:
    """The best source of an argument among everything that came before its call.

    An exact match beats a derivation, a derivation beats a loose match; the customer's word beats a tool's result.
    """
    if argument.kind == "prose":
        return Source(Origin.OWN_TEXT, text="the agent's own words")
    if argument.kind == "empty":
        return Source(Origin.SCHEMA, text="left empty")
    found = _exact(argument, index)
    if found and found.origin is not Origin.AGENT:
        return found
    return (
        _fixed(argument, index, policy_text)
        or _earlier_argument_source(argument, index)
        or derivation(argument, index)
        or _chosen(argument, index)
        or _loose(argument, index)
        or _redacted(argument, index)
        or found
        or Source(Origin.UNGROUNDED, 0.0, "occurs nowhere before the call")
    )


def _redacted(argument: Argument, index: ConversationIndex) -> Source | None:
    mention = may_be_hidden(argument.value, index, argument.at) if argument.kind in {"id", "text"} else None
    if mention is None:
        return None
    origin = Origin.USER if mention.doc.role is Role.USER else Origin.TOOL_RESULT
    return Source(origin, _HIDDEN, f"may stand in {mention.said}, which was redacted", mention.message)


def said_before(argument: Argument, index: ConversationIndex) -> list[Mention]:
    """Mentions of the value in texts before the call, in time order."""
    return before(index.mentions(argument.forms), argument.at)


def _exact(argument: Argument, index: ConversationIndex) -> Source | None:
    if argument.kind == "bool":
        return None
    mentions = said_before(argument, index)
    user = next((one for one in reversed(mentions) if one.doc.role is Role.USER), None)
    if user:
        return _mentioned(Origin.USER, user)
    facts = index.facts_of(argument.forms, argument.at)
    if facts:
        fact = next((one for one in reversed(facts) if one.name == argument.name), facts[-1])
        call = index.calls[fact.call]
        strength = 0.6 if argument.kind == "number" and not _same_field(fact.name, argument.name) else 1.0
        return Source(Origin.TOOL_RESULT, strength, str(fact.value)[:80], fact.message, call.id, pointer(fact.path))
    told = next((one for one in reversed(mentions) if one.doc.role is Role.TOOL), None)
    if told and told.doc.call is not None:
        call = index.calls[told.doc.call]
        return Source(Origin.TOOL_RESULT, 1.0, told.said, told.message, call.id, pointer(told.doc.path))
    return _mentioned(Origin.AGENT, mentions[-1], 0.4) if mentions else None


def _same_field(one: str, two: str) -> bool:
    """Whether two field names share a word: an equal number in an unlike field may be chance."""
    return bool(set(field_words(one)) & set(field_words(two)))


def _mentioned(origin: Origin, mention: Mention, strength: float = 1.0) -> Source:
    return Source(origin, strength, mention.said, mention.message)


@lru_cache(maxsize=16)
def _normal_text(text: str) -> str:
    return f" {text_form(text)} "


def _fixed(argument: Argument, index: ConversationIndex, policy_text: str) -> Source | None:
    schema = argument.schema
    if schema.has_default and argument.value == schema.default:
        return Source(Origin.SCHEMA, text="the schema's default")
    if len(schema.enum) == 1:
        return Source(Origin.SCHEMA, text="the only value the schema allows")
    today = index.today
    if today and argument.forms and argument.forms[0] == f"@{today.isoformat()}":
        return Source(Origin.SYSTEM, text="the day of the conversation")
    if argument.kind in {"text", "id", "enum"} and argument.forms:
        for name, text in (("system instructions", index.conversation.system_instructions), ("policy", policy_text)):
            if text and f" {argument.forms[-1]} " in _normal_text(text):
                strength = 1.0 if argument.kind == "id" else 0.6
                return Source(Origin.SYSTEM, strength, f"{argument.value} in the {name}")
    return None


def _earlier_argument_source(argument: Argument, index: ConversationIndex) -> Source | None:
    """A value the agent used before and whose call was accepted: the result that followed does not repeat it."""
    for call in index.calls[: argument.call_number]:
        accepted = call.error is None and call.result_message is not None and call.result_message < argument.at
        if accepted and call.arguments.get(argument.name) == argument.value and argument.kind in {"text", "id"}:
            text = f"accepted in an earlier call of {call.name}"
            return Source(Origin.TOOL_RESULT, 0.5, text, call.result_message, call.id)
    return None


def _chosen(argument: Argument, index: ConversationIndex) -> Source | None:
    """An enum or boolean chosen from words: the option's or the field's words were said before."""
    if argument.kind not in {"enum", "bool"}:
        return None
    if argument.forms and argument.forms[-1] in _ANY:
        return Source(Origin.SCHEMA, 0.7, "an option for no preference")
    option = [] if argument.kind == "bool" else argument.forms[-1].split(" ")
    for strength, asked in ((0.8, option), (0.5, field_words(argument.name))):
        for word in asked:
            hit = _said_like(word, argument.at, index)
            if hit:
                return Source(Origin.DERIVED, strength, f"chosen from {hit.said!r}", hit.message)
    return None


def _said_like(word: str, at: int, index: ConversationIndex) -> Mention | None:
    """The last mention before `at` of a word or its plural, singular or stem."""
    stems = {word, word + "s", word.removesuffix("s"), word + "es", word + "ing", word.removesuffix("ing")}
    hits = [index.last_said(stem, at - 1) for stem in stems if len(stem) > 2]  # noqa: PLR2004 - articles and prepositions say nothing
    return max((hit for hit in hits if hit), key=lambda mention: mention.order, default=None)


def _loose(argument: Argument, index: ConversationIndex) -> Source | None:
    if argument.kind not in {"text", "id", "enum"} or not argument.forms:
        return None
    matchers = (joined,) if argument.kind == "id" else (joined, abbreviated, loose_match)
    docs = dialogue(argument.at, index)
    for matcher in matchers:
        found = matcher(argument.forms[-1], docs)
        if found:
            mention, strength = found
            origin = {Role.USER: Origin.USER, Role.TOOL: Origin.TOOL_RESULT}.get(mention.doc.role, Origin.AGENT)
            call = index.calls[mention.doc.call].id if mention.doc.call is not None else None
            return Source(origin, strength, mention.said[: _EXPANSION * 4], mention.message, call)
    return None
