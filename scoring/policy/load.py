"""From a policy file to a compiled policy. Every problem of the file is reported at once, with file, line and rule."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from conversation.errors import UsageError
from scoring import yaml_document
from scoring.policy import functions
from scoring.policy.applies import Filter
from scoring.policy.expression import CelLanguage
from scoring.policy.facts import FactTable
from scoring.policy.policy import Policy
from scoring.policy.rule import Compiler, Rule
from scoring.policy.scope import EVENT_NAMES
from scoring.policy.spec import HeaderSpec, RuleSpec

SHIPPED = Path(__file__).resolve().parent.parent / "policies"


class PolicyError(UsageError):
    """A policy file that cannot be used; `problems` holds one line for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def shipped() -> list[Path]:
    """The policy files that come with the package."""
    return sorted(SHIPPED.glob("*.policy.yaml"))


def load(path: Path | str) -> Policy:
    """Read, check and compile a policy file.

    Raises:
        PolicyError: The file has mistakes; all of them are told.
        UsageError: The file cannot be read.
    """
    document = yaml_document.read(Path(path))
    return _Loader(document).policy()


class _Loader:
    """One file being loaded; collects problems instead of stopping at the first."""

    def __init__(self, document: yaml_document.Document) -> None:
        self.document = document
        self.problems = list(document.duplicates)

    def policy(self) -> Policy:
        data = self.document.data
        if not isinstance(data, dict):
            raise PolicyError([self.document.problem((), "a policy file is a mapping with policy and rules")])
        header = self._header({key: value for key, value in data.items() if key != "rules"})
        specs = self._specs(data.get("rules"))
        if header is None:
            raise PolicyError(self.problems)
        rules, tables = self._rules(header, specs)
        if self.problems:
            raise PolicyError(self.problems)
        return Policy(
            header.policy,
            _version(header, specs),
            Filter.of(header.applies_to),
            rules,
            tables,
            functions.zone(header.timezone),
            header.examples,
            str(self.document.path),
        )

    def _header(self, data: Mapping[str, Any]) -> HeaderSpec | None:
        try:
            header = HeaderSpec.model_validate(data)
            functions.zone(header.timezone)
        except ValidationError as error:
            self.problems += self.document.problems(error)
            return None
        except ValueError as error:
            self.problems.append(self.document.problem(("timezone",), str(error)))
            return None
        return header

    def _specs(self, rules: object) -> dict[int, RuleSpec]:
        """The rules that are well formed, by their place."""
        if not isinstance(rules, list) or not rules:
            self.problems.append(self.document.problem(("rules",), "a policy needs at least one rule"))
            return {}
        specs: dict[int, RuleSpec] = {}
        for index, rule in enumerate(rules):
            try:
                specs[index] = RuleSpec.model_validate(rule)
            except ValidationError as error:
                name = rule.get("id", index) if isinstance(rule, dict) else index
                for item in error.errors():
                    line = self.document.line(("rules", index, *item["loc"]))
                    where = ".".join(str(part) for part in item["loc"])
                    self.problems.append(f"{self.document.path}:{line}: rule {name}: {where or 'rule'}: {item['msg']}")
        for name, count in Counter(spec.id for spec in specs.values()).items():
            if count > 1:
                place = max(index for index, spec in specs.items() if spec.id == name)
                self._problem(place, name, "this id stands twice")
        return specs

    def _rules(
        self, header: HeaderSpec, specs: Mapping[int, RuleSpec]
    ) -> tuple[tuple[Rule, ...], dict[str, FactTable]]:
        tables: dict[str, FactTable] = {}
        for name, spec in header.facts.items():
            try:
                tables[name] = FactTable.of(spec)
            except ValueError as error:
                self.problems.append(self.document.problem(("facts", name), str(error)))
        zone = functions.zone(header.timezone)
        languages: dict[frozenset[str], CelLanguage] = {}
        rules = []
        for index, rule in specs.items():
            names = frozenset((*EVENT_NAMES, *header.facts, *rule.known))
            if names not in languages:
                languages[names] = CelLanguage(names, ("now",), functions.standard(zone))
            clash = set(rule.known) & {*EVENT_NAMES, *header.facts, "now"}
            if clash:
                self._problem(index, rule.id, f"known: {', '.join(sorted(clash))} already means something else")
                continue
            try:
                rules.append(Rule.of(rule, Compiler(languages[names], tables, header.phrases)))
            except ValueError as error:
                self._problem(index, rule.id, str(error))
        self._check_examples(header, specs)
        return tuple(rules), tables

    def _check_examples(self, header: HeaderSpec, specs: Mapping[int, RuleSpec]) -> None:
        """Expectations name rules that exist."""
        ids = {spec.id for spec in specs.values()}
        for place, example in enumerate(header.examples):
            if isinstance(example.expect, str):
                text = "expect: a policy's example gives verdicts by rule id"
                self.problems.append(self.document.problem(("examples", place, "expect"), text))
                continue
            for name in example.expect.keys() - ids:
                text = f"there is no rule {name}"
                self.problems.append(self.document.problem(("examples", place, "expect", name), text))

    def _problem(self, index: int, name: str, text: str) -> None:
        line = self.document.line(("rules", index))
        head = text.split(":", 1)[0].split(".")
        if head[0] in RuleSpec.model_fields:
            line = self.document.line(("rules", index, *head))
        self.problems.append(f"{self.document.path}:{line}: rule {name}: {text}")


def _version(header: HeaderSpec, specs: Mapping[int, RuleSpec]) -> str:
    """A hash of everything that could change a verdict: all but examples."""

    def plain(model: BaseModel) -> object:
        return model.model_dump(mode="json", exclude={"examples"})

    content = orjson.dumps([plain(header), *(plain(spec) for spec in specs.values())], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:12]
