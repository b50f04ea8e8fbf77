"""Spans and log records to conversations: any order, duplicates, delays and splits end in the same result.

Flow: `span_tree` (each span once, with its facts) -> `calls` (model calls, each once) -> `spoken` (turn spans fill in
what calls do not carry) -> `weave` (one thread of messages, one ledger of tool calls) -> `turns` -> `turn_drafts`
(times, segments, types). Odd content never raises: it leaves a note.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from conversation import continuation, identity
from conversation.calls import in_order, model_calls
from conversation.facts import SpanRole
from conversation.model import Agent, Conversation, LogRecord, Message, Role, Span, ToolDefinition
from conversation.parsing import first_text
from conversation.reader import FALLBACK
from conversation.recall import remembering
from conversation.span_tree import Node, tree
from conversation.spoken import with_turn_spans
from conversation.turn_builder import turns_of
from conversation.turn_types import TurnTypes
from conversation.turns import TurnDraft, cut, window
from conversation.weave import Weave

Group = tuple[list[Span], list[LogRecord]]
_MAX_NOTES = 20
_OWN_SCOPES = ("opentelemetry.", "floorline.")
_VERSION_KEYS = ("gen_ai.agent.version", "service.version", "langfuse.release", "app.version")
_REFERENCE_TIME = "floorline.reference_time"
_DOMAIN = "floorline.domain"
_CHANNEL = "floorline.channel"
_UNTIMED = "floorline.untimed"


def group(spans: Iterable[Span], logs: Iterable[LogRecord] = ()) -> dict[str, Group]:
    """Spans and logs by the conversation they belong to.

    A trace belongs to the conversation it names; traces that name none are joined where one goes on with another's
    messages and go by the trace id of the first.
    """
    traces: dict[str, Group] = defaultdict(lambda: ([], []))
    for span in spans:
        traces[span.trace_id][0].append(span)
    for record in logs:
        traces[record.trace_id][1].append(record)
    found = {trace_id: identity.conversation_id(*content) for trace_id, content in traces.items()}
    nameless = {trace_id: traces[trace_id] for trace_id in traces if found[trace_id] is None and traces[trace_id][0]}
    first = continuation.first_traces(nameless)
    conversations: dict[str, Group] = defaultdict(lambda: ([], []))
    for trace_id in sorted(traces):
        named = found[trace_id]
        key = named.value if named else first.get(trace_id, trace_id)
        conversations[key][0].extend(traces[trace_id][0])
        conversations[key][1].extend(traces[trace_id][1])
    return {key: content for key, content in conversations.items() if content[0]}


def assemble(
    spans: Iterable[Span],
    logs: Iterable[LogRecord] = (),
    *,
    conversation_id: str | None = None,
    project: str = "default",
    revision: int = 1,
    turn_types: TurnTypes | None = None,
) -> Conversation:
    """One conversation out of all its spans and log records.

    Args:
        spans: Its spans, in any order, duplicates allowed.
        logs: Its log records, likewise.
        conversation_id: Its id if the caller knows it; else the trace decides.
        project: Whose it is.
        revision: Which revision this is.
        turn_types: Rules that name turns; None for the built-in ones.
    """
    with remembering():
        found = _assembled(list(spans), list(logs), turn_types or TurnTypes.built_in())
    return replace(found, id=conversation_id or found.id, project=project, revision=revision)


def _assembled(spans: Sequence[Span], logs: Sequence[LogRecord], turn_types: TurnTypes) -> Conversation:
    nodes = tree(spans, logs)
    weave = Weave()
    weave.add(in_order(with_turn_spans(nodes, model_calls(nodes))))
    weave.ledger.ran(nodes)
    weave.close()
    drafts = cut(weave.thread.entries, weave.calls, weave.places, weave.ledger.drafts)
    windows = window(drafts)
    named = identity.conversation_id(spans, logs)
    messages = _messages(weave, drafts, [seen[0] if seen else None for seen in windows])
    times = [time for seen in windows if seen for time in seen[:2]]
    # A transcript without times was sent as spans: their order is real, their times are not.
    is_timed = not any(node.span.attributes.get(_UNTIMED) is True for node in nodes)
    turns = turns_of(drafts, windows, messages, turn_types, is_timed=is_timed)
    traces = sorted({(node.span.start_ns, node.span.trace_id) for node in nodes})
    found = Conversation(
        id=named.value if named else traces[0][1] if traces else "",
        user_id=identity.user_id(spans, logs),
        agent=_agent(nodes),
        messages=messages,
        turns=turns,
        tools=_tools(nodes),
        system_instructions=weave.instructions,
        reference_time=_stated(nodes, _REFERENCE_TIME),
        domain=_stated(nodes, _DOMAIN),
        started_ns=min(times, default=traces[0][0] if traces else None),
        ended_ns=max(times, default=max((node.ended_ns for node in nodes), default=None)),
        ended=_ended(nodes, logs),
        channel=_stated(nodes, _CHANNEL) or next((n.facts.channel for n in nodes if n.facts.channel), None) or "chat",
        id_rule=named.rule if named else _rule_without_id(len({node.span.trace_id for node in nodes})),
        convention=_convention(nodes),
        notes=_notes(nodes, weave, drafts),
    )
    for node in nodes:
        node.unlink()
    return found


def assemble_all(
    spans: Iterable[Span], logs: Iterable[LogRecord] = (), *, project: str = "default"
) -> list[Conversation]:
    """Every conversation in a set of spans and logs, by id."""
    grouped = group(spans, logs)
    return [
        assemble(*content, conversation_id=conversation_id, project=project)
        for conversation_id, content in sorted(grouped.items())
    ]


def _messages(weave: Weave, drafts: Sequence[TurnDraft], starts: Sequence[int | None]) -> tuple[Message, ...]:
    """The thread as messages; a customer's message is as old as its turn, a tool's as the end of its call."""
    begun = {draft.first: start for draft, start in zip(drafts, starts, strict=True)}
    asked: dict[int, list[str]] = defaultdict(list)
    answers = {}
    for tool in weave.ledger.drafts:
        if tool.message is not None:
            asked[tool.message].append(tool.id)
        if tool.result_message is not None:
            answers[tool.result_message] = tool
    messages: list[Message] = []
    for position, entry in enumerate(weave.thread.entries):
        tool_draft = answers.get(position)
        finished = tool_draft.finished() if tool_draft else None
        at_ns = entry.at_ns
        if entry.said.role is Role.USER:
            at_ns = begun.get(position)
        elif finished is not None:
            at_ns = finished.ended_ns
        messages.append(
            Message(
                position=position,
                role=entry.said.role,
                text=entry.said.text,
                tool_call_ids=tuple(asked.get(position, ())),
                tool_call_id=finished.id if finished else entry.said.answers or None,
                name=(finished.name if finished else None) or entry.said.name,
                error=finished.error if finished else None,
                at_ns=at_ns,
                span_id=finished.span_id if finished else entry.span_id,
            )
        )
    return tuple(messages)


def _agent(nodes: Sequence[Node]) -> Agent:
    """Name and version: what agent spans say first, then model spans, then the service's resource."""
    speaking = sorted(
        nodes, key=lambda node: (node.facts.whole_conversation is True, not node.is_role(SpanRole.AGENT), node.order)
    )
    name = next((node.facts.agent_name for node in speaking if node.facts.agent_name), None)
    version = next((node.facts.agent_version for node in speaking if node.facts.agent_version), None)
    resources: list[Mapping[str, object]] = [node.span.resource for node in nodes[:1]]
    for resource in resources:
        name = name or first_text(resource, ("service.name",))  # type: ignore[arg-type]  # values are only read as text
        version = version or first_text(resource, _VERSION_KEYS)  # type: ignore[arg-type]  # as above
    return Agent(name or "", version or "")


def _tools(nodes: Sequence[Node]) -> tuple[ToolDefinition, ...]:
    """Each tool on offer once, in the order first seen; a later definition that has a schema fills in one without."""
    found: dict[str, ToolDefinition] = {}
    offered = {id(node.facts.tools): node.facts.tools for node in nodes if node.facts.tools}
    for tools in offered.values():
        for tool in tools:
            known = found.get(tool.name)
            if known is None or (known.parameters is None and tool.parameters is not None):
                found[tool.name] = tool
    return tuple(found.values())


def _stated(nodes: Sequence[Node], key: str) -> str | None:
    return next((text for node in nodes if (text := first_text(node.span.attributes, (key,)))), None)


def _ended(nodes: Sequence[Node], logs: Iterable[LogRecord]) -> bool:
    said = any(
        node.facts.ended or identity.says_ended(node.span.attributes, (event.name for event in node.span.events))
        for node in nodes
    )
    return said or any(identity.says_ended(record.attributes, (record.event_name,)) for record in logs)


def _rule_without_id(traces: int) -> str:
    return "message history continued" if traces > 1 else "trace id"


def _convention(nodes: Sequence[Node]) -> str:
    """The family most model and agent spans were read by first."""
    speaking = [node for node in nodes if node.is_role(SpanRole.MODEL, SpanRole.AGENT, SpanRole.TOOL)]
    families = Counter(node.families[0] for node in speaking or nodes if node.families)
    return max(sorted(families), key=lambda name: families[name]) if families else ""


def _notes(nodes: Sequence[Node], weave: Weave, drafts: Sequence[TurnDraft]) -> tuple[str, ...]:
    notes = [note for node in nodes for note in node.notes] + weave.notes
    strangers = sorted({node.span.scope_name for node in nodes if _is_unknown(node)})
    notes += [f"sender '{scope}' is not known by name: read as {FALLBACK.name}" for scope in strangers]
    known = {node.span.span_id for node in nodes}
    orphans = sum(1 for node in nodes if node.span.parent_span_id and node.span.parent_span_id not in known)
    if orphans:
        notes.append(f"{orphans} span(s) whose parent has not arrived")
    if not weave.calls:
        notes.append("no model call in the trace")
    silent = sum(1 for draft in drafts if not draft.nodes)
    if silent:
        notes.append(f"{silent} turn(s) known from message history only")
    return tuple(notes[:_MAX_NOTES])


def _is_unknown(node: Node) -> bool:
    """A model span that only the fallback could read, from a scope that is not the convention's own."""
    own = node.span.scope_name.startswith(_OWN_SCOPES)
    return node.is_role(SpanRole.MODEL) and set(node.families) <= {FALLBACK.name} and not own
