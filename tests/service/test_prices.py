"""The price table against litellm's own arithmetic, and what the settings say about it."""

from __future__ import annotations

import json
import random
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from conversation.costs import Price
from conversation.errors import UsageError
from conversation.model import CostSource, ModelCall, Tokens
from service import settings
from service.prices import litellm_prices, price_table
from service.settings import ModelPrice, PricesConfig

CHAT = {"chat", "completion", "responses"}
# litellm computes these by rules of their own: by characters, by time of day, by tool units or by a router.
SPECIAL = ("off_peak_pricing", "tiered_pricing", "regional_processing_uplift", "input_cost_per_character")


def _entries() -> dict[str, dict[str, Any]]:
    path = distribution("litellm").locate_file("litellm/model_prices_and_context_window_backup.json")
    found: dict[str, dict[str, Any]] = json.loads(Path(str(path)).read_text(encoding="utf-8"))
    return found


def test_prices_agree_with_litellm_for_all_its_chat_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    llm_cost = pytest.importorskip("litellm.litellm_core_utils.llm_cost_calc.utils")
    usage_of = pytest.importorskip("litellm.types.utils").Usage
    numbers = random.Random(5)  # noqa: S311 - made-up usage, no secret
    compared, table = 0, litellm_prices()
    for name, entry in _entries().items():
        price = table.price(name)
        if price is None or entry.get("mode") not in CHAT or any(key in entry for key in SPECIAL):
            continue
        given = numbers.choice((500, 150_000, 400_000))
        cached, written, made = given // 4, given // 5, numbers.randrange(2, 3000)
        if entry["litellm_provider"] == "fireworks_ai":
            cached = 0  # litellm's code, not its list, takes half price for it
        thought = made // 2
        usage = usage_of(
            prompt_tokens=given,
            completion_tokens=made,
            prompt_tokens_details={"cached_tokens": cached, "cache_creation_tokens": written},
            completion_tokens_details={"reasoning_tokens": thought},
        )
        try:
            want = sum(llm_cost.generic_cost_per_token(name, usage, entry["litellm_provider"], model_info=entry))
        except Exception:  # noqa: BLE001, S112 - litellm itself cannot price the entry by tokens
            continue
        call = ModelCall("s", 0, 1, model=name, tokens=Tokens(given, made, thought, cached, written))
        got = table.charge(call).usd
        assert got is not None
        compared += 1
        assert got == pytest.approx(want, rel=1e-6), name
    assert compared > 1000


def test_own_prices_win_and_all_else_costs_what_the_default_list_says() -> None:
    config = PricesConfig(models={"gpt-4o": ModelPrice(input=100, output=200, cache_read=1)})
    table = price_table(config)
    assert table.price("gpt-4o-2024-11-20", "azure.ai.openai") == Price(1e-4, 2e-4, cached=1e-6)
    assert table.price("gpt-4o-mini", "openai") == litellm_prices().price("gpt-4o-mini")
    assert len(table) == len(litellm_prices()) + 1


def test_the_version_changes_with_any_price_and_names_the_default_list() -> None:
    def version(**price: float) -> str:
        return price_table(PricesConfig(models={"m": ModelPrice(**price)})).version

    assert version(input=1, output=2) == version(input=1, output=2)
    assert version(input=1, output=2) != version(input=1, output=3)
    assert version(input=1, output=2).endswith(litellm_prices().version)
    assert price_table(PricesConfig()).version.startswith(f"litellm-{distribution('litellm').version}-")


def test_without_defaults_only_own_models_have_a_price() -> None:
    table = price_table(PricesConfig(models={"mine": ModelPrice(input=0, output=0)}, defaults="none"))
    usage = Tokens(10, 10)
    assert table.charge(ModelCall("s", 0, 1, model="gpt-4o", tokens=usage)).source is CostSource.NO_PRICE
    free = table.charge(ModelCall("s", 0, 1, model="mine", tokens=usage))
    assert (free.usd, free.source) == (0, CostSource.TABLE)


def test_a_wrong_price_is_named_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "floorline.yaml"
    config.write_text(
        "prices:\n  defaults: litelm\n  models:\n    gpt-4o: {input: -1, output: 2}\n    mine:\n      input: 1\n"
        "      thinking: 3\n"
    )
    with pytest.raises(UsageError) as caught:
        settings.load(config)
    text = str(caught.value)
    assert f"{config}:2: prices.defaults" in text
    assert f"{config}:4: prices.models.gpt-4o.input" in text
    assert f"{config}:5: prices.models.mine.output: Field required" in text
    assert f"{config}:7: prices.models.mine.thinking: unknown setting" in text
