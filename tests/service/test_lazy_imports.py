"""Heavy libraries load only where they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["service.app", "service.cli.main", "scoring.runner", "scenarios.pytest_plugin"])
def test_litellm_is_not_loaded_by_importing_the_application(module: str) -> None:
    check = f"import sys, {module}; sys.exit('litellm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_command_line_starts_without_the_engine() -> None:
    check = "import sys, service.cli.main; sys.exit('chdb' in sys.modules or 'bokeh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
