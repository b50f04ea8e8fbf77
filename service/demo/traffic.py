"""The demo's traffic: customers meet a release of the shop's agent on a simulated clock; each visit is a transcript."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from conversation.model import JSON
from service.demo.agent import ChatMessage, Release, ShopAgent
from service.demo.customers import Customer, visit
from service.demo.shop import SYSTEM_PROMPT, TOOLS, open_shop
from service.genai_spans import Timed, Transcript

AGENT_NAME = "shop-assistant"
MODEL = "scripted-1"
SECOND = 1_000_000_000


@dataclass
class _Clock:
    """Simulated time with a little spread, drawn from the demo's seed."""

    now_ns: int
    choose: random.Random

    def pass_time(self, seconds: float) -> int:
        """Let about `seconds` go by."""
        self.now_ns += int(seconds * self.choose.lognormvariate(0, 0.35) * SECOND)
        return self.now_ns


class _Visit:
    """One conversation under way."""

    def __init__(self, agent: ShopAgent, clock: _Clock, label: str) -> None:
        self.agent = agent
        self.clock = clock
        self.label = label
        self.timed: list[Timed] = []
        self.shop = open_shop()
        self._calls = 0

    @property
    def messages(self) -> list[ChatMessage]:
        return [timed.message for timed in self.timed]

    def say(self, text: str) -> None:
        """The customer says a line; the agent answers, calling tools on the way."""
        now = self.clock.pass_time(14)
        self.timed.append(Timed({"role": "user", "content": text}, now, now))
        reply = self.agent.respond(self.messages, self._call_tool)
        self._think({"role": "assistant", "content": reply}, seconds=0.8, first_token=True)

    def _think(self, message: ChatMessage, seconds: float, *, first_token: bool = False) -> None:
        start = self.clock.now_ns
        end = self.clock.pass_time(seconds)
        first = start + (end - start) // 3 if first_token else None
        self.timed.append(Timed(message, start, end, first))

    def _call_tool(self, name: str, arguments: dict[str, JSON]) -> JSON:
        self._calls += 1
        call_id = f"call_{self.label}_{self._calls}"
        request: JSON = {"id": call_id, "name": name, "arguments": dict(arguments)}
        self._think({"role": "assistant", "content": "", "tool_calls": [request]}, seconds=0.3)
        start = self.clock.now_ns
        end = self.clock.pass_time(self.agent.release.tool_seconds)
        result = self.shop.call(name, arguments)
        answer: ChatMessage = {"role": "tool", "tool_call_id": call_id, "name": name, "content": json.dumps(result)}
        if isinstance(result, dict) and "error" in result:
            answer["error"] = str(result["error"])
        self.timed.append(Timed(answer, start, end))
        return result


def _transcript(label: str, customer: Customer, release: Release, clock: _Clock) -> Transcript:
    conversation = _Visit(ShopAgent(release.version), clock, label)
    for line in customer.lines:
        conversation.say(line)
    return Transcript(
        conversation_id=f"demo-{label}",
        messages=conversation.timed,
        agent=(AGENT_NAME, release.version),
        model=MODEL,
        user_id=customer.user_id,
        system=SYSTEM_PROMPT,
        tools=TOOLS,
        extra={"floorline.domain": "shop"},
    )


def traffic(*, releases: list[Release], conversations: int, seed: int, until_ns: int) -> Iterator[Transcript]:
    """The visits of a day on which one release followed the other.

    Args:
        releases: In the order they were deployed; each gets an equal share.
        conversations: Number of visits in all.
        seed: The same seed gives the same visits.
        until_ns: When the last visit ends, about; visits start four minutes apart.
    """
    choose = random.Random(seed)  # noqa: S311 - made-up customers, not secrets
    start = until_ns - conversations * 240 * SECOND - 300 * SECOND
    for number in range(conversations):
        release = releases[number * len(releases) // conversations]
        clock = _Clock(start + number * 240 * SECOND, choose)
        yield _transcript(f"{seed}-{number:04d}", visit(choose, open_shop()), release, clock)
