"""A customer played by a language model behind an OpenAI-compatible endpoint, kept on a short lead.

Known faults of simulated customers and what is done about each:

- hanging up too early or by accident: the end is a field of a structured answer, not a word in the text, and counts
  only after an agent's reply to the customer's last words;
- empty turns: asked once more, then `SimulatorError`;
- invented facts: every number or id must stand on the fact sheet or in the conversation, else asked once more, then
  `SimulatorError`.

A `SimulatorError` is not the agent's failure and is left out of pass^k.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from scenarios.agents.protocol import ChatMessage
from scenarios.chat import ChatClient
from scenarios.spec import Scenario, User
from scenarios.users import Line, SimulatorError

_ATTEMPTS = 2
_TOKEN = re.compile(r"[^\W_](?:[\w@#.,:/+-]*[\w])?|\d")
_RULES = """\
You play a customer who talks to a company's support agent. Stay in the role; you are never the agent.
Answer with a JSON object {"say": "...", "stop": true or false} and nothing else.
- Say one short message at a time. Do not tell everything at once.
- Use only the facts below. Never make up a number, an id, a date, an address or an e-mail.
- Tell facts marked "only when asked" only in answer to a question for them.
- What is listed as unknown you cannot tell: say so.
- Set "stop" to true only when your goal is reached, or the agent has finally refused or handed you over, and the agent
  has answered your last message. Agreeing to a proposal is not the end: wait until the agent says that it is done."""


class Answer(BaseModel):
    """The structured answer of a simulated customer."""

    model_config = ConfigDict(extra="ignore")

    say: str = ""
    stop: bool = False


_SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "customer_message",
        "strict": True,
        "schema": {
            "type": "object",
            "properties": {"say": {"type": "string"}, "stop": {"type": "boolean"}},
            "required": ["say", "stop"],
            "additionalProperties": False,
        },
    },
}


class SimulatedUser:
    """One conversation of a simulated customer.

    Args:
        scenario: Whose customer to play.
        client: The endpoint and model.
        seed: Passed on to the model.
    """

    def __init__(self, scenario: Scenario, client: ChatClient, seed: int) -> None:
        self._user, self._client, self._seed = scenario.user, client, seed
        self._brief = f"{_RULES}\n\n{sheet(scenario.user)}"

    def next(self, messages: list[ChatMessage]) -> Line | None:
        """The next line; None when the customer hangs up.

        Raises:
            SimulatorError: Two answers in a row were empty, no JSON, or held invented facts.
        """
        heard = _heard(messages)
        fault = ""
        for _ in range(_ATTEMPTS):
            prompt = [{"role": "system", "content": self._brief}, *heard]
            if fault:
                prompt.append({"role": "system", "content": f"Your last answer was refused: {fault}. Answer again."})
            response = self._client.complete(prompt, seed=self._seed, response_format=_SCHEMA)
            answer = _read(str(response["choices"][0]["message"].get("content") or ""))
            if answer is None:
                fault = "it was not the JSON object that was asked for"
            elif answer.stop and _answered(messages):
                return None
            elif not answer.say.strip():
                fault = "it was empty"
            elif invented := self._invented(answer.say, messages):
                fault = f"{', '.join(invented)} is not among your facts"
            else:
                return Line(answer.say.strip(), scripted=False)
        raise SimulatorError(f"the simulated customer gave no usable answer: {fault}")

    def _invented(self, text: str, messages: Iterable[ChatMessage]) -> list[str]:
        words = [self._brief, *(str(message.get("content") or "") for message in messages if message["role"] != "tool")]
        words += [turn.say for turn in self._user.turns]
        known = {_plain(token) for part in words for token in _TOKEN.findall(part)}
        said = [token for token in _TOKEN.findall(text) if any(map(str.isdigit, token))]
        return [token for token in said if _plain(token) not in known]


def _plain(token: str) -> str:
    return token.strip(".,:/#").replace(",", "").casefold()


def _read(text: str) -> Answer | None:
    """The answer, also out of a fenced block."""
    start, end = text.find("{"), text.rfind("}")
    try:
        return Answer.model_validate_json(text[start : end + 1])
    except ValidationError:
        return None


def _heard(messages: Iterable[ChatMessage]) -> list[dict[str, Any]]:
    """The conversation from the customer's side: the agent's words are what was said to them. Tools are not heard."""
    roles = {"user": "assistant", "assistant": "user"}
    heard = [
        {"role": roles[message["role"]], "content": message["content"]}
        for message in messages
        if message["role"] in roles and message.get("content")
    ]
    return heard or [{"role": "user", "content": "(The agent is listening. You speak first.)"}]


def _answered(messages: list[ChatMessage]) -> bool:
    """Whether the agent said something after the customer's last words."""
    spoken = [message["role"] for message in messages if message["role"] != "tool" and message.get("content")]
    return "user" in spoken and spoken[-1] == "assistant"


def sheet(user: User) -> str:
    """The fact sheet as text."""

    def listed(facts: Mapping[str, Any]) -> str:
        return (
            "\n".join(f"- {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in facts.items()) or "- none"
        )

    goal = user.goal or "\n".join(f"- {turn.say}" for turn in user.turns)
    parts = [
        f"Who you are: {user.persona}" if user.persona else "",
        f"Your goal{'' if user.goal else ', in the words you would use'}:\n{goal}",
        f"Facts you know:\n{listed(user.known)}",
        f"Facts you know, only when asked:\n{listed(user.reveal_when_asked)}",
        f"Unknown to you: {', '.join(user.unknown) or 'nothing in particular'}",
    ]
    return "\n\n".join(part for part in parts if part)
