"""A compiled rule: its patterns bound to a template, ready to be run over one conversation after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from conversation.verdict import Evidence, Verdict
from scoring.policy import consent, count_templates, order_templates
from scoring.policy.applies import Filter
from scoring.policy.compare import agreement
from scoring.policy.count_templates import Judgement
from scoring.policy.events import Event, EventLog
from scoring.policy.expression import Language
from scoring.policy.facts import FactTable
from scoring.policy.hits import Finding, Hit
from scoring.policy.paths import Path
from scoring.policy.patterns import Pattern
from scoring.policy.scope import KnownFact, Scope
from scoring.policy.spec import RuleSpec
from scoring.policy.statements import ANY, Says, compile_phrases
from scoring.policy.template_specs import (
    ConfirmedBefore,
    Each,
    EventPattern,
    RefusalRequired,
    RefusalWrong,
    SameArgument,
)

_MOST_WITNESSES = 5


class RuleResult(NamedTuple):
    """What one rule says of one conversation.

    `witnesses` are the events that show a failure, at most five failures' worth; `failures` counts all of them.
    """

    rule: str
    verdict: Verdict
    explanation: str
    severity: str
    shadow: bool
    evidence: tuple[Evidence, ...] = ()
    failures: int = 0
    turn: int | None = None
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class Compiler:
    """What compiling a rule needs from its policy."""

    language: Language
    tables: Mapping[str, FactTable]
    phrases: Mapping[str, tuple[str, ...]]


Run = Callable[[EventLog, Scope], Finding]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, compiled. `only_about` are tools without a call of which it has nothing to say; empty if not so."""

    spec: RuleSpec
    filter: Filter
    when: Pattern | None
    run: Run
    only_about: frozenset[str] = frozenset()

    @classmethod
    def of(cls, spec: RuleSpec, compiler: Compiler) -> Rule:
        """Compile.

        Raises:
            ValueError: A phrase, path, fact or predicate that cannot be used; the text names the part.
        """
        return _Binding.of(spec, compiler).rule()

    def evaluate(self, log: EventLog, scope: Scope, *, filtered: bool = True) -> RuleResult:
        """The verdict on one conversation; `filtered` false asks even where `applies_to` says no."""
        if filtered and not self.filter.accepts(log.conversation):
            return self._result(Verdict.NOT_APPLICABLE, "not for this conversation")
        if self.when is None and self.only_about and self.only_about.isdisjoint(log.by_tool):
            return self._result(Verdict.NOT_APPLICABLE, self.spec.says)
        guards = [] if self.when is None else self.when.hits(log, scope, bound=False)
        if self.when is not None and not guards:
            return self._result(Verdict.NOT_APPLICABLE, "what it depends on did not happen")
        finding = self.run(log, scope)
        if guards and not any(hit.sure for hit in guards):
            finding.note(guards)
            finding.failures.clear()
        return self._judged(finding)

    def _judged(self, finding: Finding) -> RuleResult:
        if finding.unknown and not finding.errors and self.spec.if_unknown != "inconclusive" and not finding.failures:
            verdict = Verdict(self.spec.if_unknown)
            return self._result(verdict, f"{self.spec.says} Unknown: {finding.unknown[0]}")
        verdict = finding.verdict
        if verdict is Verdict.FAIL:
            shown = finding.failures[:_MOST_WITNESSES]
            evidence = tuple(
                dict.fromkeys(event.evidence for failure in shown for event in failure.events),
            )
            first = shown[0].events[0] if shown[0].events else None
            text = f"{self.spec.says} Broken: {shown[0].text}"
            return self._result(verdict, text, evidence, len(finding.failures), first)
        reasons = {Verdict.ERROR: finding.errors, Verdict.INCONCLUSIVE: finding.unknown}.get(verdict, [])
        return self._result(verdict, f"{self.spec.says} {reasons[0]}" if reasons else self.spec.says)

    def _result(
        self,
        verdict: Verdict,
        text: str,
        evidence: tuple[Evidence, ...] = (),
        failures: int = 0,
        first: Event | None = None,
    ) -> RuleResult:
        call = first.call if first else None
        return RuleResult(
            self.spec.id,
            verdict,
            text,
            self.spec.severity,
            self.spec.mode == "shadow",
            evidence,
            failures,
            first.turn if first and first.turn >= 0 else None,
            call.id if call else None,
        )


@dataclass(frozen=True, slots=True)
class _Binding:
    """A rule being compiled: its patterns by template field."""

    spec: RuleSpec
    compiler: Compiler
    known: Mapping[str, KnownFact]
    patterns: Mapping[str, Pattern]

    @classmethod
    def of(cls, spec: RuleSpec, compiler: Compiler) -> _Binding:
        known = {}
        for name, text in spec.known.items():
            try:
                known[name] = KnownFact.parse(name, text, compiler.tables, compiler.language)
            except ValueError as error:
                raise ValueError(f"known.{name}: {error}") from error
        template = getattr(spec, spec.template)
        patterns = {}
        for name in type(template).model_fields:
            value = getattr(template, name)
            if isinstance(value, EventPattern):
                try:
                    # A refusal such as a transfer has no key of its own: it refuses whatever is open.
                    by = None if name == "refused" else spec.by
                    patterns[name] = Pattern.of(value, by, compiler.language, known, compiler.phrases)
                except ValueError as error:
                    raise ValueError(f"{spec.template}.{name}: {error}") from error
        return cls(spec, compiler, known, patterns)

    def rule(self) -> Rule:
        when = None
        if self.spec.when is not None:
            when = Pattern.of(self.spec.when, None, self.compiler.language, self.known, self.compiler.phrases)
        return Rule(self.spec, Filter.of(self.spec.applies_to), when, self._run(), self._only_about())

    def _only_about(self) -> frozenset[str]:
        """The tools of the one event that the rule is about, where it is about one and that is a call."""
        if self.spec.template not in _ABOUT_ONE_EVENT:
            return frozenset()
        tools = frozenset(self.patterns["event"].spec.tool)
        return frozenset() if ANY in tools else tools

    def _run(self) -> Run:
        template = getattr(self.spec, self.spec.template)
        if isinstance(template, Each):
            return self._each(template.must)
        run, names = _TEMPLATES[self.spec.template]
        given = self._given(template)
        needs_log = isinstance(template, ConfirmedBefore | RefusalRequired | RefusalWrong)

        def runs(log: EventLog, scope: Scope) -> Finding:
            more = {"log": log} if needs_log else {}
            return run(*self._hits(log, scope, *names), **given, **more)

        return runs

    def _given(self, template: object) -> dict[str, object]:
        """What the template's function takes beside hits."""
        if isinstance(template, SameArgument):
            pairs = [(Path.parse(left), Path.parse(right)) for left, right in template.compare.items()]
            return {"compare": agreement(pairs)}
        if isinstance(template, ConfirmedBefore):
            return {"details": [Path.parse(path) for path in template.details], "ask": self._says(template.ask)}
        if isinstance(template, RefusalRequired | RefusalWrong):
            return {"says": self._says(template.says)}
        return {
            name: getattr(template, name)
            for name in ("min", "max", "times", "seconds", "turns")
            if hasattr(template, name)
        }

    def _each(self, source: str) -> Run:
        try:
            must = self.compiler.language.compile(source)
        except ValueError as error:
            raise ValueError(f"each.must: {error}") from error

        def judge(event: Event, scope: Scope) -> Judgement:
            true, sureness, note = scope.judge(must, event, self.known)
            if true or note:
                return true, sureness, note
            return False, sureness, f"`{must.source}` is not true{scope.shown(must, event, self.known)}"

        def runs(log: EventLog, scope: Scope) -> Finding:
            (events,) = self._hits(log, scope, "event")
            return count_templates.each(events, lambda event: judge(event, scope))

        return runs

    def _hits(self, log: EventLog, scope: Scope, *names: str) -> list[list[Hit]]:
        bound = self.spec.by is not None
        return [self.patterns[name].hits(log, scope, bound=bound) if name in self.patterns else [] for name in names]

    def _says(self, phrases: tuple[str, ...]) -> Says | None:
        return compile_phrases(phrases, self.compiler.phrases) if phrases else None


_ABOUT_ONE_EVENT = frozenset({"each", "at_most", "confirmed_before"})
_TEMPLATES: dict[str, tuple[Callable[..., Finding], tuple[str, ...]]] = {
    "absence": (count_templates.absence, ("event",)),
    "existence": (count_templates.existence, ("event",)),
    "at_most": (count_templates.at_most, ("event",)),
    "same_argument": (count_templates.same_argument, ("first", "then")),
    "precedence": (order_templates.precedence, ("require", "before")),
    "response": (order_templates.response, ("after", "require")),
    "not_after": (order_templates.not_after, ("forbid", "after")),
    "not_between": (order_templates.not_between, ("forbid", "start", "end")),
    "within": (order_templates.within, ("after", "require")),
    "first": (order_templates.first, ("event", "among")),
    "last": (order_templates.last, ("event", "among")),
    "confirmed_before": (consent.confirmed_before, ("event",)),
    "refusal_required": (consent.refusal_required, ("request", "forbid")),
    "refusal_wrong": (consent.refusal_wrong, ("request", "allowed", "done", "refused")),
}
