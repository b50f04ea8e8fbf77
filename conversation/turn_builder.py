"""Turn drafts to turns: texts, model calls, times as the customer felt them, segments and type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conversation.calls import Call
from conversation.facts import SpanRole
from conversation.latency import Activity, segments
from conversation.model import Message, ModelCall, Role, Segment, SegmentKind, Tokens, ToolCall, Turn
from conversation.span_tree import Node
from conversation.tool_json import span_error
from conversation.turn_types import TurnTypes
from conversation.turns import TurnDraft

Window = tuple[int, int, list[Node]]
_KINDS = {
    SpanRole.MODEL: SegmentKind.MODEL,
    SpanRole.TOOL: SegmentKind.TOOL,
    SpanRole.RETRIEVAL: SegmentKind.RETRIEVAL,
    SpanRole.GUARDRAIL: SegmentKind.GUARDRAIL,
}


def turns_of(
    drafts: Sequence[TurnDraft],
    windows: Sequence[Window | None],
    messages: Sequence[Message],
    types: TurnTypes,
    *,
    is_timed: bool = True,
) -> tuple[Turn, ...]:
    """The turns of a conversation.

    Args:
        drafts: The turns as cut.
        windows: For each its start, end and top spans.
        messages: All messages of the conversation.
        types: Rules that name a turn.
        is_timed: Whether the spans' times are real, and not just an order.
    """
    return tuple(
        _turn(index, draft, seen, messages, types, is_timed=is_timed)
        for index, (draft, seen) in enumerate(zip(drafts, windows, strict=True))
    )


def _turn(
    index: int,
    draft: TurnDraft,
    seen: Window | None,
    messages: Sequence[Message],
    types: TurnTypes,
    *,
    is_timed: bool,
) -> Turn:
    felt = seen if is_timed else None
    own = messages[draft.first : draft.last + 1]
    user = "\n".join(message.text for message in own if message.role is Role.USER) if own else None
    said = [message.text for message in own if message.role is Role.ASSISTANT and message.text.strip()]
    reply = said[-1] if said else None
    tool_calls = tuple(tool.finished() for tool in draft.tools)
    kind, rule = types.name(user=user, reply=reply, tool_calls=tool_calls)
    return Turn(
        index=index,
        type=kind,
        user=user if own and own[0].role is Role.USER else None,
        reply=reply,
        first_message=draft.first,
        last_message=draft.last,
        started_ns=seen[0] if seen else None,
        ended_ns=seen[1] if seen else None,
        first_token_seconds=_first_token(draft, felt) if felt and reply else None,
        duration_seconds=(felt[1] - felt[0]) / 1e9 if felt else None,
        segments=_segments(draft, felt) if felt else (),
        tool_calls=_ordered(tool_calls),
        model_calls=tuple(_model_call(call) for call in draft.calls if call.is_model),
        interrupted=_interrupted(draft, reply),
        type_rule=rule,
    )


def _ordered(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Calls as the model asked for them; those it did not ask for by their start, after what was asked before."""
    asked = [call for call in calls if call.message is not None or call.result_message is not None]
    loose = [call for call in calls if call.message is None and call.result_message is None]
    ordered = list(asked)
    for call in sorted(loose, key=lambda call: (call.started_ns or 0, call.id)):
        later = next(
            (at for at, other in enumerate(ordered) if (other.started_ns or 0) > (call.started_ns or 0)), len(ordered)
        )
        ordered.insert(later, call)
    return tuple(ordered)


def _model_call(call: Call) -> ModelCall:
    facts = call.facts
    failed = call.node.span.status_code == 2  # noqa: PLR2004 - OTLP STATUS_CODE_ERROR
    return ModelCall(
        span_id=call.node.span.span_id,
        started_ns=call.started_ns,
        ended_ns=call.ended_ns,
        model_requested=_bare(facts.model_requested),
        model=_bare(facts.model or facts.model_requested),
        provider=(facts.provider or "").lower(),
        tokens=facts.tokens or Tokens(),
        cost_usd=facts.cost_usd,
        first_token_seconds=facts.first_token_seconds,
        finish_reason="tool_call" if any(said.requests for said in call.made) else facts.finish_reason or "",
        error=(call.node.span.status_message or span_error(call.node.span) or "error") if failed else None,
    )


def _bare(model: str | None) -> str:
    """A model's name without the routing prefix some clients put before it (`openai/gpt-4o`, `models/gemini-2`)."""
    return (model or "").rsplit("/", 1)[-1]


def _interrupted(draft: TurnDraft, reply: str | None) -> bool:
    marked = any(outer.facts.interrupted for node in draft.nodes for outer in (node, *node.ancestors()))
    return marked or (reply is None and any(call.is_model for call in draft.calls))


def _first_token(draft: TurnDraft, seen: Window) -> float:
    """Seconds to the first words: as the sender measured them, else of the first streamed reply, else the whole turn.

    A reply that was not streamed reaches the customer when the turn ends.
    """
    start, end, tops = seen
    felt = [node.facts.felt_first_seconds for top in tops for node in top.walk()]
    told = next((value for value in felt if value is not None), None)
    whole = (end - start) / 1e9
    if told is not None:
        return told
    for call in draft.calls:
        speaks = call.is_model and not call.inner and any(said.text.strip() for said in call.made)
        streamed = call.facts.first_token_seconds is not None and call.facts.streamed is not False
        if speaks and streamed:
            first = (call.started_ns - start) / 1e9 + (call.facts.first_token_seconds or 0.0)
            return min(max(first, 0.0), whole)
    return whole


def _segments(draft: TurnDraft, seen: Window) -> tuple[Segment, ...]:
    start, end, tops = seen
    longer = {call.node.span.span_id: call.ended_ns for call in draft.calls}
    return segments(start, end, (activity for top in tops for activity in _activities(top, longer)))


def _activities(top: Node, longer: dict[str, int]) -> Iterator[Activity]:
    """Every span of a turn as work; a call completed by a later span lasts until that one."""
    around: dict[int, frozenset[str]] = {}
    for node in top.walk():
        kind = _KINDS.get(node.facts.role or SpanRole.OTHER, SegmentKind.OWN_CODE)
        span = node.span
        name = _name(node, kind)
        within = around.get(id(node.parent))
        if within is None:
            within = frozenset(outer.span.span_id for outer in node.ancestors())
        if node.children:
            around[id(node)] = within | {span.span_id}
        yield Activity(span.start_ns, longer.get(span.span_id, node.ended_ns), kind, name, span.span_id, within)


def _name(node: Node, kind: SegmentKind) -> str:
    if kind is SegmentKind.TOOL:
        return node.facts.tool_name or node.span.name
    if kind is SegmentKind.MODEL:
        return _bare(node.facts.model or node.facts.model_requested) or node.span.name
    return node.span.name
