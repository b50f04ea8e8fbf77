"""A compiled policy: a version, a filter and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from conversation.model import Conversation
from scoring.policy.applies import Filter
from scoring.policy.events import log_of
from scoring.policy.facts import Facts, FactTable
from scoring.policy.rule import Rule, RuleResult
from scoring.policy.scope import Scope, reference_time
from scoring.policy.spec import ExampleSpec


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, compiled once and used for many conversations, from several threads too.

    `version` is a hash of the file's meaning: comments and order of keys do not change it.
    """

    name: str
    version: str
    filter: Filter
    rules: tuple[Rule, ...]
    tables: Mapping[str, FactTable]
    timezone: tzinfo
    examples: tuple[ExampleSpec, ...] = ()
    path: str = ""

    def applies_to(self, conversation: Conversation) -> bool:
        """Whether the policy is for this conversation."""
        return self.filter.accepts(conversation)

    def evaluate(self, conversation: Conversation) -> list[RuleResult]:
        """One result a rule, in the order of the file; nothing where the policy is not for the conversation."""
        return self.results(conversation) if self.applies_to(conversation) else []

    def results(self, conversation: Conversation, *, filtered: bool = True) -> list[RuleResult]:
        """As `evaluate`, whatever the policy's own filter says; with `filtered` false, whatever the rules' say too."""
        log = log_of(conversation)
        now = reference_time(conversation, self.timezone)
        scope = Scope(log, Facts(self.tables, log), frozenset(self.tables), now)
        return [rule.evaluate(log, scope, filtered=filtered) for rule in self.rules]
