"""Writes what an operator loads: the Prometheus rule file, its unit tests and the Grafana dashboards.

The files are generated, committed and never edited by hand; `check` says where they differ from what would be written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alerts import health, objectives, rule_tests, rules
from alerts.burn_rates import Windows
from alerts.objectives import ObjectivesSpec
from conversation.errors import UsageError

RULES = Path("prometheus/floorline.rules.yml")
DASHBOARDS = Path("grafana")
RULE_TESTS = Path("prometheus/floorline.rules.test.yml")
HEADER = (
    "# Generated from the objectives by `floorline alerts render`. Do not edit: `floorline alerts check` compares.\n"
)


class _Dumper(yaml.SafeDumper):
    """Writes expressions of several lines as blocks, so that a reader and a diff see them as written."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the library's signature
        """Never: anchors would confuse readers."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def to_yaml(data: Any) -> str:
    """The data as generated YAML with the header that says so."""
    return HEADER + yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)


def rule_file(spec: ObjectivesSpec, windows: Windows) -> str:
    """The text of the Prometheus rule file: the objectives' groups, then Floorline's own health."""
    return to_yaml({"groups": [*rules.groups(spec, windows), *health.groups(spec.runbook)]})


def files(objectives_path: Path | None = None, *, dashboards: bool = True) -> dict[Path, str]:
    """Every generated file: path below the output folder, and text.

    Args:
        objectives_path: Objectives YAML; the shipped one where None.
        dashboards: Whether the dashboards are among them; they need the SDK.

    Raises:
        UsageError: The objectives have problems, or the SDK is missing.
    """
    spec, windows = objectives.load(objectives_path)
    tests = rule_tests.document(spec, windows, RULES.name)
    return {RULES: rule_file(spec, windows), RULE_TESTS: to_yaml(tests), **(_dashboards() if dashboards else {})}


def _dashboards() -> dict[Path, str]:
    try:
        from alerts import dashboards  # noqa: PLC0415 - its SDK is a development dependency
    except ImportError as error:
        raise UsageError(
            f"{error.name} is missing: `make install-dev` installs it; ready-made dashboards are in deploy/grafana, "
            "for the rules alone leave the dashboards out"
        ) from error
    return {DASHBOARDS / name: text for name, text in dashboards.files().items()}


def render(out_dir: Path, objectives_path: Path | None = None, *, dashboards: bool = True) -> list[Path]:
    """Write the generated files below `out_dir`; answers their paths. Arguments and errors as for `files`."""
    written = []
    for name, text in files(objectives_path, dashboards=dashboards).items():
        path = out_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
