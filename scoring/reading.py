"""How an operator wants conversations read: the rules that name turns, and what model calls cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from conversation.assemble import assemble
from conversation.costs import PriceTable, needs_price, with_costs
from conversation.model import Conversation, LogRecord, Span
from conversation.turn_types import TurnTypes
from scoring.aggregates.intents import intent_of


@dataclass(frozen=True, slots=True)
class Reading:
    """From spans to the conversation that is graded.

    Attributes:
        turn_types: Rules that name turns; None for the built-in ones.
        prices: What model calls cost; None leaves what traces state.
    """

    turn_types: TurnTypes | None = None
    prices: PriceTable | None = None

    def assembled(self, key: tuple[str, str], spans: Iterable[Span], logs: Iterable[LogRecord]) -> Conversation:
        """The conversation of these spans, as revision 1, without costs: its digest must not depend on prices."""
        types = self.turn_types or TurnTypes.built_in()
        made = assemble(spans, logs, conversation_id=key[1], project=key[0], turn_types=types)
        return replace(made, turn_rules=types.version)

    def differs(self, graded: Conversation) -> bool:
        """Whether a graded conversation would be read otherwise now: its turns by other rules, or its calls priced."""
        renamed = self.turn_types is not None and graded.turn_rules != self.turn_types.version
        return renamed or self.lacks_costs(graded)

    def lacks_costs(self, graded: Conversation) -> bool:
        """Whether it was graded before there were prices for its calls. What was priced is never priced again."""
        prices = self.prices
        return prices is not None and any(needs_price(call, prices) for call in graded.model_calls)

    def finished(self, conversation: Conversation, earlier: Conversation | None = None) -> Conversation:
        """The conversation with costs and intent.

        Args:
            conversation: As assembled.
            earlier: An earlier revision; calls it priced keep their cost.
        """
        made = with_costs(conversation, self.prices, earlier) if self.prices is not None else conversation
        return replace(made, intent=intent_of(conversation))
