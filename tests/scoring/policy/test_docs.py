from __future__ import annotations

import re
from pathlib import Path

import pytest

from scoring.policy.examples import run_examples
from scoring.policy.load import load
from scoring.policy.template_specs import TEMPLATE_FIELDS

PAGE = (Path(__file__).resolve().parents[3] / "deploy" / "docs" / "policy.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_every_policy_on_the_page_loads_and_its_examples_hold(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.policy.yaml"
    path.write_text(text)
    results = run_examples(load(path))
    assert results
    assert all(result.ok for result in results), results


def test_the_page_names_every_template() -> None:
    table = PAGE.split("## 3.", 1)[1].split("## 4.", 1)[0]
    assert not [name for name in TEMPLATE_FIELDS if f"`{name}" not in table]
