"""Asks every check that looks beyond one argument: its neighbours, the exchange around it, other calls and results."""

from __future__ import annotations

from collections.abc import MutableMapping

from scoring.arguments.choices import Choices
from scoring.arguments.confirmed import Confirmed
from scoring.arguments.described import Described
from scoring.arguments.entities import Entities
from scoring.arguments.finding import Finding
from scoring.arguments.leaves import Path
from scoring.arguments.pairs import Pairs
from scoring.arguments.rivals import Rivals
from scoring.arguments.study import Study
from scoring.arguments.superlatives import Superlatives

Findings = MutableMapping[tuple[int, Path], list[Finding]]
"""Findings by number of the call and path of the argument."""


def cross_findings(study: Study, findings: Findings) -> None:
    """Files what the rest of the conversation says against each argument, into a mapping that makes empty lists."""
    index, arguments = study.index, study.arguments
    pairs, entities = Pairs(index, arguments), Entities(index)
    rivals = Rivals(index, arguments)
    choices, confirmed, dearer = Choices(index, arguments, rivals), Confirmed(index, rivals), Superlatives(index)
    described = Described(index, rivals)
    for number, group in study.groups.items():
        moment = study.moments.of(group[0].call, group[0].at)
        for path, finding in (
            *pairs.findings(group, moment).items(),
            *entities.findings(group).items(),
            *entities.unpaired(group, moment),
            *dearer.findings(group),
            *described.findings(group, moment),
        ):
            findings[number, path].append(finding)
        for argument, finding in confirmed.findings(group, moment):
            findings[number, argument.path].append(finding)
        for argument in group:
            for finding in choices.findings(argument, moment, group):
                findings[number, argument.path].append(finding)
