"""Money per model call from a price table, where the trace itself states none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from conversation.model import Conversation, ModelCall, Turn


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per token of one model.

    Attributes:
        input: Input tokens that were not read from a cache.
        output: Output tokens, reasoning ones included unless they have a price of their own.
        cached: Input tokens read from a cache; None: as other input.
        reasoning: Reasoning tokens; None: as other output.
    """

    input: float
    output: float
    cached: float | None = None
    reasoning: float | None = None


class PriceTable:
    """Prices by model name.

    Args:
        prices: By name as the provider reports it (`gpt-4o-mini-2024-07-18`), optionally with `provider/` before it.
            A dated model without a price of its own costs what the longest listed name it begins with costs.
    """

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = dict(prices)
        self._found: dict[tuple[str, str], Price | None] = {}

    def price(self, model: str, provider: str = "") -> Price | None:
        """The price of a model; None where it is not listed."""
        key = (model, provider)
        if key not in self._found:
            self._found[key] = self._look_up(model, provider)
        return self._found[key]

    def _look_up(self, model: str, provider: str) -> Price | None:
        for name in (f"{provider}/{model}", model):
            if name in self._prices:
                return self._prices[name]
        # Only a date or version may follow a listed name: gpt-4o-mini must not cost what gpt-4o costs.
        fitting = [name for name in self._prices if name and model.startswith(name) and _is_dated(model[len(name) :])]
        return self._prices[max(fitting, key=len)] if fitting else None

    def cost(self, call: ModelCall) -> float | None:
        """US dollars of a call: what the trace states, else what the table says; None where neither does."""
        if call.cost_usd is not None:
            return call.cost_usd
        price = self.price(call.model or call.model_requested, call.provider)
        if price is None:
            return None
        tokens = call.tokens
        fresh, spoken = tokens.input - tokens.cached, tokens.output - tokens.reasoning
        return (
            fresh * price.input
            + tokens.cached * (price.input if price.cached is None else price.cached)
            + spoken * price.output
            + tokens.reasoning * (price.output if price.reasoning is None else price.reasoning)
        )


def with_costs(conversation: Conversation, table: PriceTable) -> Conversation:
    """The conversation with a cost on each model call whose price is known."""
    return replace(conversation, turns=tuple(_priced(turn, table) for turn in conversation.turns))


def _priced(turn: Turn, table: PriceTable) -> Turn:
    return replace(turn, model_calls=tuple(replace(call, cost_usd=table.cost(call)) for call in turn.model_calls))


def _is_dated(rest: str) -> bool:
    return rest[:1] in {"-", "@", ":"} and rest[1:2].isdigit()
