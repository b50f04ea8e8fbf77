"""Who spoke when content is thin: turn spans fill in what model calls do not carry, and sort out calls of their own.

Many agents record no messages on model calls but the customer's text and the reply on the span of the whole turn. The
other way round, a span that tells the customer's text shows which model calls had another prompt: planners, workers,
judges. Their prompts are not customer messages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from conversation.calls import Call
from conversation.facts import SpanRole
from conversation.model import Role
from conversation.parsing import squeezed
from conversation.said import Said
from conversation.span_tree import Node

_SHELTERS = (SpanRole.TOOL, SpanRole.GUARDRAIL, SpanRole.RETRIEVAL)


def container(node: Node) -> Node | None:
    """The nearest span around a model call that tells what the customer said."""
    for outer in node.ancestors():
        if outer.is_role(*_SHELTERS):
            return None
        if outer.facts.customer_text and not outer.facts.whole_conversation:
            return outer
    return None


def with_turn_spans(nodes: Sequence[Node], calls: Sequence[Call]) -> list[Call]:
    """The calls, contentless ones filled from the span of their turn, plus turn spans without any model call."""
    by_container: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        outer = container(call.node)
        if outer is not None and not call.inner:
            by_container[id(outer)].append(call)
    for node in nodes:
        inside = by_container.get(id(node))
        if inside:
            _fill(node, inside)
    _sums_of_agents(calls)
    return [*calls, *_silent_turns(nodes)]


def _fill(node: Node, inside: list[Call]) -> None:
    if all(call.facts.input is None for call in inside):
        words = node.facts.customer_text or ""
        inside[0].facts = inside[0].facts._replace(input=(Said(Role.USER, words),))
    if all(call.facts.output is None for call in inside) and node.facts.reply_text:
        inside[-1].facts = inside[-1].facts._replace(output=(Said(Role.ASSISTANT, node.facts.reply_text),))


def _sums_of_agents(calls: Sequence[Call]) -> None:
    """Where no model call of the conversation has counts, those of its agent spans; they repeat sums otherwise."""
    if any(call.facts.tokens for call in calls):
        return
    last: dict[int, tuple[Node, Call]] = {}
    for call in calls:
        agents = [outer for outer in call.node.ancestors() if outer.is_role(SpanRole.AGENT) and outer.facts.tokens]
        if agents:
            last[id(agents[-1])] = (agents[-1], call)
    for agent, call in last.values():
        call.facts = call.facts._replace(tokens=agent.facts.tokens)


def _silent_turns(nodes: Sequence[Node]) -> list[Call]:
    """Agent or root spans that tell a turn's words and hold no model call: the words count, no call does."""
    found: list[Call] = []
    for node in nodes:
        told = node.facts.customer_text or node.facts.reply_text
        if not told or node.is_role(SpanRole.MODEL, *_SHELTERS) or node.facts.whole_conversation:
            continue
        if not node.is_role(SpanRole.AGENT) and node.parent is not None:
            continue
        if any(below.is_role(SpanRole.MODEL) for below in node.walk()) or _sheltered(node, found):
            continue
        facts = node.facts._replace(
            input=node.facts.input or _said(Role.USER, node.facts.customer_text),
            output=node.facts.output or _said(Role.ASSISTANT, node.facts.reply_text),
        )
        # Counts on the only span there is are those of the model calls nobody traced.
        counted = node.facts.tokens is not None
        found.append(Call(node, facts, node.span.start_ns, node.ended_ns, is_model=counted, spans=[node]))
    return found


def _sheltered(node: Node, found: Sequence[Call]) -> bool:
    """Inside a tool or a turn that already speaks for it, or inside an agent that has model calls of its own."""
    speaking = {id(call.node) for call in found}
    for outer in node.ancestors():
        if outer.is_role(*_SHELTERS, SpanRole.MODEL) or id(outer) in speaking:
            return True
        if outer.is_role(SpanRole.AGENT) and any(below.is_role(SpanRole.MODEL) for below in outer.walk()):
            return not outer.facts.whole_conversation
    return False


def _said(role: Role, text: str | None) -> tuple[Said, ...] | None:
    return (Said(role, text),) if text else None


def own_prompts(calls: Sequence[Call]) -> set[int]:
    """Ids of the calls whose user messages are not what the customer said, where a sibling's are exactly that."""
    by_container: dict[int, list[Call]] = defaultdict(list)
    texts: dict[int, str] = {}
    for call in calls:
        outer = container(call.node)
        if outer is not None:
            by_container[id(outer)].append(call)
            texts[id(outer)] = squeezed(outer.facts.customer_text or "")
    strangers: set[int] = set()
    for key, inside in by_container.items():
        if any(_asks(call, texts[key]) for call in inside):
            strangers |= {id(call) for call in inside if call.given and not _asks(call, texts[key])}
    return strangers


def _asks(call: Call, text: str) -> bool:
    """Whether one of the call's user messages is the customer's text."""
    return any(said.role is Role.USER and squeezed(said.text) == text for said in call.given)
