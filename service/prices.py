"""The price table: an operator's own prices over the list that litellm ships.

litellm's list is read as the data file it is. Importing the library takes seconds and looks for a newer list in the
network; what a conversation cost must not depend on either.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from conversation.costs import Price, PriceTable
from service.settings import ModelPrice, PricesConfig

MILLION = 1_000_000
_LITELLM = "litellm"
_LIST = "litellm/model_prices_and_context_window_backup.json"
# litellm's name of each rate, and its name for calls beyond a number of input tokens.
_RATES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached": "cache_read_input_token_cost",
    "written": "cache_creation_input_token_cost",
    "reasoning": "output_cost_per_reasoning_token",
}
_ABOVE = re.compile(r"input_cost_per_token_above_(\d+)(k?)_tokens")
_LOG = logging.getLogger(__name__)


def price_table(config: PricesConfig) -> PriceTable:
    """The table to price with; its version changes whenever any price in it does."""
    fallback = litellm_prices() if config.defaults == "litellm" else None
    if not config.models:
        return fallback or PriceTable({}, "none")
    own = {name: _own(price) for name, price in config.models.items()}
    return PriceTable(own, f"own-{_hash(repr(sorted(own.items())).encode())}", fallback)


@cache
def litellm_prices() -> PriceTable:
    """The prices that come with the installed litellm, at the standard service tier; none if it has no list."""
    try:
        installed = distribution(_LITELLM)
        content = installed.locate_file(_LIST).read_bytes()  # type: ignore[attr-defined]  # a Path for an installed package
        listed: dict[str, dict[str, Any]] = json.loads(content)
    except (PackageNotFoundError, OSError, ValueError) as error:
        _LOG.warning("litellm's price list cannot be read (%s): only models under `prices` have a price", error)
        return PriceTable({}, "none")
    prices = {name: price for name, entry in listed.items() if (price := _listed(entry)) is not None}
    return PriceTable(prices, f"{_LITELLM}-{installed.version}-{_hash(content)}")


def _own(price: ModelPrice) -> Price:
    def rate(value: float | None) -> float | None:
        return None if value is None else value / MILLION

    return Price(
        price.input / MILLION,
        price.output / MILLION,
        cached=rate(price.cache_read),
        written=rate(price.cache_write),
        reasoning=rate(price.reasoning),
    )


def _listed(entry: Mapping[str, Any]) -> Price | None:
    """One entry of the list; None for what is not billed by input and output tokens."""
    base = {name: _rate(entry.get(key)) for name, key in _RATES.items()}
    if base["input"] is None or base["output"] is None:
        return None
    above = []
    for key in entry:
        if match := _ABOVE.fullmatch(key):
            suffix = f"_above_{match[1]}{match[2]}_tokens"
            tier = {name: _rate(entry.get(key + suffix)) for name, key in _RATES.items()}
            bound = int(match[1]) * (1000 if match[2] else 1)
            above.append((bound, _price({name: base[name] if rate is None else rate for name, rate in tier.items()})))
    return _price(base, tuple(sorted(above, key=lambda item: item[0])))


def _price(rates: Mapping[str, float | None], above: tuple[tuple[int, Price], ...] = ()) -> Price:
    return Price(
        rates["input"] or 0.0, rates["output"] or 0.0, rates["cached"], rates["written"], rates["reasoning"], above
    )


def _rate(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
