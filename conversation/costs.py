"""Money per model call: what the trace states, else tokens times the prices of a table.

A stated cost counts where it is above zero; instrumentations write 0 for models they have no price for. A call whose
model has no price, or whose trace tells no tokens, costs None and says why: it is counted, never taken for free.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from conversation.model import Conversation, CostSource, ModelCall, Tokens

# Names of providers in the OTel GenAI semantic conventions and in traces, as price lists write them.
_PROVIDERS: Mapping[str, tuple[str, ...]] = {
    "azure.ai.openai": ("azure",),
    "az.ai.openai": ("azure",),
    "azure_openai": ("azure",),
    "azure.ai.inference": ("azure_ai",),
    "az.ai.inference": ("azure_ai",),
    "aws.bedrock": ("bedrock",),
    "aws_bedrock": ("bedrock",),
    "gcp.vertex_ai": ("vertex_ai",),
    "vertexai": ("vertex_ai",),
    "gcp.gemini": ("gemini",),
    "gcp.gen_ai": ("gemini", "vertex_ai"),
    "google": ("gemini", "vertex_ai"),
    "google_genai": ("gemini", "vertex_ai"),
    "mistral_ai": ("mistral",),
    "mistralai": ("mistral",),
    "x_ai": ("xai",),
    "ibm.watsonx.ai": ("watsonx",),
    "together": ("together_ai",),
    "fireworks": ("fireworks_ai",),
}
# Only a date, a build or `latest` may follow a listed name: gpt-4o-mini must not cost what gpt-4o costs.
_DATED = re.compile(r"[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{6}|\d{4}|\d{3}|latest)")
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per token of one model.

    Attributes:
        input: Input tokens that were neither read from nor written to a cache.
        output: Output tokens, reasoning ones included unless they have a price of their own.
        cached: Input tokens read from a cache; None: as other input.
        written: Input tokens written to a cache; None: as other input.
        reasoning: Reasoning tokens; None: as other output.
        above: Prices of calls with more input tokens than so many, by rising numbers.
    """

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    reasoning: float | None = None
    above: tuple[tuple[int, Price], ...] = ()

    def at(self, input_tokens: int) -> Price:
        """The price of a call of this length."""
        return next((price for bound, price in reversed(self.above) if input_tokens > bound), self)


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call costs in US dollars, of it for reasoning tokens, and where that is from."""

    usd: float | None
    reasoning_usd: float | None
    source: CostSource


class PriceTable:
    """Prices by model name.

    Args:
        prices: By name as the provider reports it (`gpt-4o-mini-2024-07-18`), optionally with `provider/` before it.
            A dated model without a price of its own costs what its undated name costs.
        version: What tells this table from others; kept with everything it prices.
        fallback: Asked for models this table does not list.
    """

    def __init__(self, prices: Mapping[str, Price], version: str = "", fallback: PriceTable | None = None) -> None:
        self._prices = {name.lower(): price for name, price in prices.items()}
        self._fallback = fallback
        self._by_model: dict[str, list[str]] = {}
        for name in self._prices:
            self._by_model.setdefault(name.rsplit("/", 1)[-1], []).append(name)
        self._found: dict[tuple[str, str], Price | None] = {}
        self.version: str = " ".join(part for part in (version, fallback.version if fallback else "") if part)

    def __len__(self) -> int:
        return len(self._prices) + (len(self._fallback) if self._fallback else 0)

    def price(self, model: str, provider: str = "") -> Price | None:
        """The price of a model; None where it is not listed."""
        key = (model.lower(), provider.lower())
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:  # names come from senders
                self._found.clear()
            self._found[key] = self._look_up(*key)
        found = self._found[key]
        return self._fallback.price(model, provider) if found is None and self._fallback else found

    def charge(self, call: ModelCall) -> Charge:
        """What a call costs: what its trace states, else what the table says."""
        price = self.price(call.model, call.provider) or self.price(call.model_requested, call.provider)
        tokens = call.tokens
        usage = tokens.input > 0 or tokens.output > 0
        by_table, thinking = _amount(tokens, price) if price and usage else (None, None)
        if call.cost_usd is not None and call.cost_usd > 0:
            # The trace states one sum; its part for reasoning is the part it has by the table.
            part = thinking / by_table * call.cost_usd if by_table and thinking is not None else None
            return Charge(call.cost_usd, part, CostSource.TRACE)
        if not usage:
            return Charge(None, None, CostSource.NO_USAGE)
        return Charge(by_table, thinking, CostSource.TABLE if price else CostSource.NO_PRICE)

    def _look_up(self, model: str, provider: str) -> Price | None:
        if not model:
            return None
        names = [model]
        if dated := [match.start() for match in _DATED.finditer(model) if match.end() == len(model)]:
            names.append(model[: min(dated)])
        for name in names:
            if (price := self._listed(name, provider)) is not None:
                return price
        return None

    def _listed(self, model: str, provider: str) -> Price | None:
        providers = (*_PROVIDERS.get(provider, ()), provider) if provider else ()
        for name in (*(f"{one}/{model}" for one in providers), model):
            if name in self._prices:
                return self._prices[name]
        # Listed under a longer path only: one price for all of them, or no answer.
        paths = self._by_model.get(model, ())
        fitting = {self._prices[name] for name in paths if not providers or name.split("/", 1)[0] in providers}
        return fitting.pop() if len(fitting) == 1 else None


def with_costs(conversation: Conversation, table: PriceTable, earlier: Conversation | None = None) -> Conversation:
    """The conversation with a cost on each model call, or why it has none. What was priced before keeps its cost.

    Args:
        conversation: The conversation; its `prices` will name every table that priced a call of it.
        table: For calls without a cost.
        earlier: An earlier revision, whose prices are those of its time.
    """
    before = earlier.model_calls if earlier else ()
    known = {call.span_id: call for call in before if not needs_price(call, table)}
    versions = {earlier.prices if earlier and known else "", conversation.prices}
    turns = []
    for turn in conversation.turns:
        calls = tuple(_kept(call, known.get(call.span_id)) for call in turn.model_calls)
        if any(needs_price(call, table) for call in calls):
            versions.add(table.version or "none")
        turns.append(replace(turn, model_calls=tuple(_priced(call, table) for call in calls)))
    return replace(conversation, turns=tuple(turns), prices=", ".join(sorted(versions - {""})))


def needs_price(call: ModelCall, table: PriceTable) -> bool:
    """Whether a call was never priced, or had no price and is listed now."""
    return not call.cost_source or (
        call.cost_source == CostSource.NO_PRICE and table.charge(call).source is not CostSource.NO_PRICE
    )


def tools_asked(conversation: Conversation) -> dict[tuple[int, str], tuple[str, ...]]:
    """What model calls were for: by turn and span id the name of every tool asked for; those without are left out.

    A tool call belongs to the model call whose message asked for it; where the trace has no such message, to the last
    one of the turn that began before it.
    """
    said = {message.position: message.span_id for message in conversation.messages}
    asked: dict[tuple[int, str], list[str]] = {}
    for turn in conversation.turns:
        own = {call.span_id for call in turn.model_calls}
        for tool in turn.tool_calls:
            span_id = said.get(tool.message, "") if tool.message is not None else ""
            if span_id not in own:
                span_id = _last_before(turn.model_calls, tool.started_ns)
            if span_id:
                asked.setdefault((turn.index, span_id), []).append(tool.name)
    return {call: tuple(names) for call, names in asked.items()}


def _last_before(calls: Sequence[ModelCall], at_ns: int | None) -> str:
    before = [call for call in calls if at_ns is None or call.started_ns <= at_ns]
    return max(before, key=lambda call: call.started_ns).span_id if before else ""


def _amount(tokens: Tokens, price: Price) -> tuple[float, float]:
    """Dollars of a call, and of its reasoning tokens."""
    rate = price.at(tokens.input)
    # Counts are senders' words: a part never exceeds its whole.
    cached = min(tokens.cached, tokens.input)
    written = min(tokens.written, tokens.input - cached)
    reasoning = min(tokens.reasoning, tokens.output)
    thinking = reasoning * (rate.output if rate.reasoning is None else rate.reasoning)
    whole = (
        (tokens.input - cached - written) * rate.input
        + cached * (rate.input if rate.cached is None else rate.cached)
        + written * (rate.input if rate.written is None else rate.written)
        + (tokens.output - reasoning) * rate.output
        + thinking
    )
    return whole, thinking


def _priced(call: ModelCall, table: PriceTable) -> ModelCall:
    if not needs_price(call, table):
        return call
    charge = table.charge(call)
    return replace(call, cost_usd=charge.usd, cost_source=str(charge.source), reasoning_usd=charge.reasoning_usd)


def _kept(call: ModelCall, before: ModelCall | None) -> ModelCall:
    """The call at its earlier price, where that was for the same tokens."""
    if before is None or call.cost_source or (call.tokens, call.model) != (before.tokens, before.model):
        return call
    return replace(call, cost_usd=before.cost_usd, cost_source=before.cost_source, reasoning_usd=before.reasoning_usd)
