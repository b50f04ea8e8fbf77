"""Which conversation a trace belongs to, and whose it is: ranked keys, and the rule that decided.

The lists below are the only ones: the store generates its SQL from them. A value counts if `parsing.unquoted` keeps it
(JSON quotes are removed; empty, `null`-like and Logfire-scrubbed values are absent).

The tiers, lowest wins, the same in Python and in SQL:

0. a span of a model or an agent (`SPEAKING`),
1. any other span that has a parent,
2. a root span,
3. a log record,
4. a resource attribute.

Within a tier the key's rank decides, then the later start (the nearest ancestor starts after the root), then the
smaller text, so that the order of arrival never matters. A trace that names no conversation is one of its own, unless
`continuation` finds the conversation it goes on with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conversation.model import Attributes, LogRecord, Span
from conversation.parsing import as_dict, unquoted

# Best first. Standard keys, then each family's own, then what applications commonly write by hand.
CONVERSATION_KEYS: tuple[str, ...] = (
    "gen_ai.conversation.id",
    "session.id",
    "langfuse.session.id",
    "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.session_id",
    "traceloop.association.properties.thread_id",
    "traceloop.association.properties.chat_id",
    "langsmith.metadata.conversation_id",
    "langsmith.metadata.session_id",
    "langsmith.metadata.thread_id",
    "ai.telemetry.metadata.conversationId",
    "ai.telemetry.metadata.conversation_id",
    "ai.telemetry.metadata.sessionId",
    "ai.telemetry.metadata.session_id",
    "ai.telemetry.metadata.chatId",
    "ai.telemetry.metadata.threadId",
    "ai.telemetry.metadata.thread_id",
    "ai.settings.context.conversationId",
    "ai.settings.context.sessionId",
    "ai.settings.context.session_id",
    "ai.settings.context.chatId",
    "ai.settings.context.threadId",
    "gcp.vertex.agent.session_id",
    "mlflow.trace.session",
    "langfuse.trace.metadata.session_id",
    "langfuse.trace.metadata.conversation_id",
    "metadata.session_id",
    "metadata.conversation_id",
    "conversation.id",
    "conversation_id",
    "conversationId",
    "thread_id",
    "session_id",
    "sessionId",
    "chat.id",
    "chat_id",
    "group_id",
    "lk.room_sid",
    "lk.job_id",
    # The app chooses these keys itself, so both ways of writing them occur. At the end: ranks of others are stored.
    "ai.telemetry.metadata.chat_id",
    "ai.settings.context.conversation_id",
    "ai.settings.context.thread_id",
    "ai.settings.context.chat_id",
)

USER_KEYS: tuple[str, ...] = (
    "user.id",
    "enduser.id",
    "langfuse.user.id",
    "traceloop.association.properties.user_id",
    "langsmith.metadata.user_id",
    "ai.telemetry.metadata.userId",
    "ai.telemetry.metadata.user_id",
    "ai.settings.context.userId",
    "ai.settings.context.user_id",
    "mlflow.trace.user",
    "gen_ai.user",
    "gen_ai.request.user",
    "llm.user",
    "metadata.user_api_key_end_user_id",
    "metadata.user_id",
    "user_id",
    "userId",
    "lk.pii.participant_identity",
    "lk.participant_identity",
    "lk.participant_id",
)

# Attributes that hold a JSON object of free keys; looked into after all plain keys of the same span.
METADATA_KEYS: tuple[str, ...] = ("metadata", "langfuse.trace.metadata", "langfuse.observation.metadata")
CONVERSATION_METADATA: tuple[str, ...] = (
    "conversation_id",
    "conversationId",
    "session_id",
    "sessionId",
    "thread_id",
    "threadId",
)
USER_METADATA: tuple[str, ...] = ("user_id", "userId", "enduser_id")

# A span is of a model or an agent (tier 0) if one of these attributes has one of these values.
SPEAKING: Mapping[str, tuple[str, ...]] = {
    "gen_ai.operation.name": (
        "chat",
        "text_completion",
        "completion",
        "generate_content",
        "invoke_agent",
        "create_agent",
        "agent_step",
    ),
    "openinference.span.kind": ("LLM", "AGENT"),
    "traceloop.span.kind": ("agent",),
    "langfuse.observation.type": ("generation", "agent"),
    "langsmith.span.kind": ("llm",),
    "mlflow.spanType": ('"CHAT_MODEL"', '"LLM"', '"AGENT"', "CHAT_MODEL", "LLM", "AGENT"),
}

# The sender says that the conversation is over: an attribute that is true, or a log or span event of this name.
ENDED_KEYS: tuple[str, ...] = (
    "floorline.conversation.ended",
    "gen_ai.conversation.ended",
    "turn.ended_by_conversation_end",
)
ENDED_EVENTS: tuple[str, ...] = ("floorline.conversation.end", "gen_ai.conversation.end", "session.end")

# Most spans carry none of the keys: one look at a set instead of one at each key.
_KNOWN = {keys: frozenset((*keys, *METADATA_KEYS)) for keys in (CONVERSATION_KEYS, USER_KEYS)}

_SAY_ENDED = frozenset(ENDED_KEYS)
TIERS = ("model or agent span", "inner span", "root span", "log record", "resource")


@dataclass(frozen=True, slots=True)
class Found:
    """An id and the rule that found it, as `Conversation.id_rule` shows it."""

    value: str
    rule: str


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    tier: int
    rank: int
    before: int
    value: str
    key: str


def conversation_id(spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> Found | None:
    """The conversation the spans and logs of one trace name; None where they name none."""
    return _best(spans, logs, CONVERSATION_KEYS, CONVERSATION_METADATA)


def user_id(spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> str | None:
    """The customer the spans and logs name; None where they name none."""
    found = _best(spans, logs, USER_KEYS, USER_METADATA)
    return found.value if found else None


def tier(span: Span) -> int:
    """The tier of a span's own attributes: 0 for models and agents, 1 inside a trace, 2 for a root."""
    for key, values in SPEAKING.items():
        if span.attributes.get(key) in values:
            return 0
    return 1 if span.parent_span_id else 2


def says_ended(attributes: Attributes, event_names: Iterable[str] = ()) -> bool:
    """Whether attributes or event names say that the conversation is over."""
    if not _SAY_ENDED.isdisjoint(attributes) and any(
        str(attributes.get(key, "")).strip('"').lower() == "true" for key in ENDED_KEYS
    ):
        return True
    if attributes.get("gen_ai.agent.invocation.end_reason") == "session_closed":
        return True
    return any(name in ENDED_EVENTS for name in event_names)


def _best(
    spans: Iterable[Span], logs: Iterable[LogRecord], keys: tuple[str, ...], inner: tuple[str, ...]
) -> Found | None:
    candidates: list[_Candidate] = []
    resources: list[Attributes] = []
    known = _KNOWN[keys]
    for span in spans:
        if not known.isdisjoint(span.attributes):
            candidates += _candidates(span.attributes, keys, inner, tier(span), span.start_ns)
        if not resources or resources[-1] is not span.resource:
            resources.append(span.resource)
    for record in logs:
        candidates += _candidates(record.attributes, keys, inner, 3, record.time_ns)
        resources.append(record.resource)
    if not candidates:
        for resource in resources:
            candidates += _candidates(resource, keys, inner, 4, 0)
    if not candidates:
        return None
    best = min(candidates)
    return Found(best.value, f"{best.key} on a {TIERS[best.tier]}")


def _candidates(
    attributes: Attributes, keys: tuple[str, ...], inner: tuple[str, ...], level: int, start_ns: int
) -> list[_Candidate]:
    """The best value of one span, log or resource as a list of none or one."""
    if _KNOWN[keys].isdisjoint(attributes):
        return []
    for rank, key in enumerate(keys):
        value = unquoted(attributes.get(key))
        if value is not None:
            return [_Candidate(level, rank, -start_ns, value, key)]
    for key in METADATA_KEYS:
        if key in attributes:
            fields = as_dict(attributes[key])
            for rank, name in enumerate(inner):
                value = unquoted(fields.get(name))
                if value is not None:
                    return [_Candidate(level, len(keys) + rank, -start_ns, value, f"{key}.{name}")]
    return []
