from __future__ import annotations

import json
from typing import Any

from conversation.assemble import assemble


def _constructor(kind: str, **kwargs: Any) -> dict[str, Any]:
    return {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", kind], "kwargs": kwargs}


def test_runs_in_prompt_and_completion_give_a_turn(span: Any) -> None:
    ids = {"langsmith.metadata.thread_id": "t-9", "langsmith.metadata.user_id": "u-9"}
    root = span(
        "desk",
        {
            "langsmith.span.kind": "chain",
            "langsmith.trace.name": "desk",
            "gen_ai.operation.name": "chain",
            "gen_ai.prompt": json.dumps({"messages": [{"type": "human", "content": "find A-1"}]}),
            **ids,
        },
        at=(0, 900),
        scope_name="langsmith",
    )
    call = {"name": "find", "args": {"id": "A-1"}, "id": "c1", "type": "tool_call"}
    human = _constructor("HumanMessage", content="find A-1", type="human")
    span(
        "ChatOpenAI",
        {
            "langsmith.span.kind": "llm",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-5",
            "gen_ai.prompt": json.dumps({"messages": [[_constructor("SystemMessage", content="Be kind."), human]]}),
            "gen_ai.completion": json.dumps(
                {
                    "generations": [
                        [
                            {
                                "message": _constructor("AIMessage", content="", tool_calls=[call]),
                                "generation_info": {"finish_reason": "tool_calls"},
                            }
                        ]
                    ]
                }
            ),
            "gen_ai.usage.input_tokens": 30,
            "gen_ai.usage.output_tokens": 10,
        },
        at=(10, 200),
        parent=root,
    )
    answer = _constructor(
        "ToolMessage", content='{"found": true}', tool_call_id="c1", name="find", type="tool", status="success"
    )
    span(
        "find",
        {
            "langsmith.span.kind": "tool",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "find",
            "gen_ai.prompt": json.dumps({"input": "{'id': 'A-1'}"}),
            "gen_ai.completion": json.dumps({"output": answer}),
        },
        at=(210, 300),
        parent=root,
    )
    span(
        "ChatOpenAI",
        {
            "langsmith.span.kind": "llm",
            "gen_ai.prompt": json.dumps(
                {"messages": [[human, _constructor("AIMessage", content="", tool_calls=[call]), answer]]}
            ),
            "gen_ai.completion": json.dumps(
                {"generations": [[{"message": _constructor("AIMessage", content="Here it is.")}]]}
            ),
            "gen_ai.usage.input_tokens": 40,
            "gen_ai.usage.output_tokens": 7,
        },
        at=(310, 800),
        parent=root,
    )
    conversation = assemble(span.spans)
    assert (conversation.id, conversation.user_id) == ("t-9", "u-9")
    assert [(turn.user, turn.reply) for turn in conversation.turns] == [("find A-1", "Here it is.")]
    (found,) = conversation.tool_calls
    assert (found.id, found.arguments, found.result, found.executed) == ("c1", {"id": "A-1"}, {"found": True}, True)
    assert (conversation.tokens.input, conversation.tokens.output) == (70, 17)
    assert conversation.system_instructions == "Be kind."


def test_a_retriever_is_a_retrieval_though_its_operation_says_embeddings(span: Any) -> None:
    root = span("desk", {"langsmith.span.kind": "chain", "session.id": "s"}, at=(0, 900))
    span(
        "docs", {"langsmith.span.kind": "retriever", "gen_ai.operation.name": "embeddings"}, at=(100, 200), parent=root
    )
    span(
        "llm",
        {
            "langsmith.span.kind": "llm",
            "gen_ai.prompt": '{"messages":[{"role":"user","content":"q"}]}',
            "gen_ai.completion": "a",
        },
        at=(200, 900),
        parent=root,
    )
    (turn,) = assemble(span.spans).turns
    assert [(segment.kind.value, round(segment.seconds, 3)) for segment in turn.segments] == [
        ("own_code", 0.1),
        ("retrieval", 0.1),
        ("model", 0.7),
    ]
