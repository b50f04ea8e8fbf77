"""Tool calls, each once, out of up to four tellings: the model's request, the tool's span, the next input, log records.

Keyed by call id. Without one, a tool span belongs to the first request of the same name and arguments that no span has
claimed yet, then (arguments lost or unwrapped by the sender) to the first of the same name; a result without an id
belongs to the oldest unanswered request. Arguments are the model's own; result, error and times are the span's first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conversation.facts import SpanRole
from conversation.hidden_errors import hidden_error
from conversation.model import JSON, ToolCall
from conversation.parsing import canonical
from conversation.said import Request, Said, result_text
from conversation.span_tree import Node
from conversation.tool_json import result_of, without_retry_sentence

# What a second span of the same call may leave out; an error is the last one's own.
_FILLED = ("tool_name", "tool_arguments", "tool_result", "tool_call_id")


@dataclass(slots=True, eq=False)
class Draft:
    """A tool call being put together."""

    id: str
    name: str
    request: Request | None = None
    node: Node | None = None
    answer: Said | None = None
    message: int | None = None
    result_message: int | None = None
    started_ns: int | None = None
    ended_ns: int | None = None
    provisional: bool = False
    _finished: ToolCall | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Name and canonical arguments."""
        return self.request.key if self.request else (self.name, "")

    @property
    def span_result(self) -> str | None:
        """What the tool's span says came back, as text; its error where there is no result; None without a span."""
        if self.node is None:
            return None
        facts = self.node.facts
        return facts.tool_error or "" if facts.tool_result is None else result_text(facts.tool_result)

    def finished(self) -> ToolCall:
        """The tool call as the conversation shows it; nothing of the draft changes after that."""
        if self._finished is None:
            self._finished = self._call()
        return self._finished

    def _call(self) -> ToolCall:
        facts = self.node.facts if self.node else None
        told = facts.tool_arguments if facts else None
        asked = self.request.arguments if self.request else {}
        arguments = asked or (told if isinstance(told, dict) else {})
        raw = self.request.raw if self.request else None
        if not arguments and raw is None and told not in (None, {}, [], ""):
            raw = told if isinstance(told, str) else canonical(told)
        result = self._result()
        return ToolCall(
            id=self.id,
            name=self.name or (facts.tool_name if facts else None) or "",
            arguments=arguments,
            result=result,
            error=self._error(result),
            executed=self.node is not None or self.answer is not None,
            raw_arguments=None if arguments else raw,
            started_ns=self.started_ns,
            ended_ns=self.ended_ns,
            span_id=self.node.span.span_id if self.node else "",
            message=self.message,
            result_message=self.result_message,
        )

    def _result(self) -> JSON:
        told = self.node.facts.tool_result if self.node else None
        if told is None and self.answer is not None:
            told = self.answer.text
        return result_of(told)

    def _error(self, result: JSON) -> str | None:
        if self.node and self.node.facts.tool_error:
            return without_retry_sentence(self._fullest(self.node.facts.tool_error))
        if self.answer and self.answer.error:
            return without_retry_sentence(self.answer.error)
        found = hidden_error(result)
        if found is None and self.answer is not None:
            found = hidden_error(self.answer.text)
        return found

    def _fullest(self, error: str) -> str:
        """The span's error text; where it is only a type or a bare mark, the result text that tells more."""
        result = self.node.facts.tool_result if self.node else None
        text = result if isinstance(result, str) else self.answer.text if self.answer else ""
        if text and (" " not in error.strip() or not error.strip()):
            return hidden_error(text) or text
        return error


class ToolLedger:
    """The tool calls of one conversation, in the order they were asked for or ran."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self._by_id: dict[str, Draft] = {}

    def asked(self, requests: Iterable[Request], message: int) -> tuple[str, ...]:
        """Enter the requests of an assistant message; their call ids."""
        ids: list[str] = []
        for request in requests:
            draft = self._by_id.get(request.id) if request.id else None
            if draft is None:
                draft = self._new(Draft(request.id, request.name, request, message=message))
            elif draft.request is None:
                draft.request, draft.message = request, message
                draft.name = draft.name or request.name
            ids.append(draft.id)
        return tuple(ids)

    def retold(self, requests: Iterable[Request]) -> None:
        """Requests that a later input repeats: ids that their first telling lacked are taken over, oldest first."""
        for request in requests:
            if request.id and request.id not in self._by_id:
                draft = next((d for d in self.drafts if d.provisional and d.key == request.key), None)
                if draft is not None:
                    del self._by_id[draft.id]
                    draft.id, draft.provisional = request.id, False
                    self._by_id[draft.id] = draft

    def answered(self, said: Said, message: int) -> str:
        """Enter a tool message; the id of the call it answers."""
        draft = self._by_id.get(said.answers) if said.answers else None
        if draft is None and not said.answers:
            draft = next((d for d in self.drafts if d.answer is None and said.name in {None, d.name}), None)
        if draft is None:
            draft = self._new(Draft(said.answers, said.name or ""))
        if draft.answer is None:
            draft.answer, draft.result_message = said, message
        return draft.id

    def ran(self, nodes: Sequence[Node]) -> None:
        """Enter the tool spans of the conversation, in order."""
        outer = [node for node in nodes if node.is_role(SpanRole.TOOL) and not _repeats_outer(node)]
        loose: list[Node] = []
        for node in outer:
            draft = self._by_id.get(node.facts.tool_call_id or "")
            if draft is None:
                loose.append(node)
            else:
                _claim(draft, node)
        for exact in (True, False):
            loose = [node for node in loose if not self._matched(node, exact=exact)]
        for node in loose:
            call_id = node.facts.tool_call_id or node.span.span_id
            draft = self._by_id.get(call_id) or self._new(Draft(call_id, node.facts.tool_name or node.span.name))
            _claim(draft, node)

    def _matched(self, node: Node, *, exact: bool) -> bool:
        name = node.facts.tool_name or node.span.name
        key = Request.of(None, name, node.facts.tool_arguments).key
        for draft in self.drafts:
            fits = draft.key == key if exact else draft.name == name and _may_be_lossy(node)
            if draft.node is None and fits and (draft.request is not None or not exact):
                if node.facts.tool_call_id and not draft.provisional:
                    continue
                _claim(draft, node)
                return True
        return False

    def _new(self, draft: Draft) -> Draft:
        if not draft.id:
            draft.id, draft.provisional = f"{draft.name or 'tool'}#{len(self.drafts)}", True
        self.drafts.append(draft)
        self._by_id[draft.id] = draft
        return draft


def _may_be_lossy(node: Node) -> bool:
    """Arguments that are no object, or none: the sender unwrapped or dropped them."""
    return not isinstance(node.facts.tool_arguments, dict) or not node.facts.tool_arguments


def _repeats_outer(node: Node) -> bool:
    """A tool span inside a span of the same tool: a framework's and a client's telling of one execution."""
    return any(
        outer.is_role(SpanRole.TOOL) and outer.facts.tool_name == node.facts.tool_name for outer in node.ancestors()
    )


def _claim(draft: Draft, node: Node) -> None:
    """Give a call its span. A second span of it is a retry: the last outcome counts."""
    draft.started_ns = node.span.start_ns if draft.started_ns is None else min(draft.started_ns, node.span.start_ns)
    draft.ended_ns = node.ended_ns if draft.ended_ns is None else max(draft.ended_ns, node.ended_ns)
    inner = next((below for below in node.walk() if below is not node and _repeats_outer(below)), None)
    for other in (inner, draft.node):
        if other is not None:
            missing = {name: getattr(other.facts, name) for name in _FILLED if getattr(node.facts, name) is None}
            node.facts = node.facts._replace(**missing)
    draft.node = node
    draft.name = draft.name or node.facts.tool_name or node.span.name
