"""What an operator can set: command line over environment (`FLOORLINE_…`) over a YAML file over defaults.

The only reader of the environment. All problems are found at start and reported together, each with where it was set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from conversation.errors import UsageError
from conversation.yaml_lines import line_of

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class IngestConfig(_Section):
    """Limits and privacy of the OTLP side.

    Attributes:
        spool_bytes: How much may wait on disk for the store before senders get 429.
        request_bytes: Largest request body, as sent and after decompression.
        redact: Replace personal data by typed placeholders before the first write to disk.
        requests_per_second: Per API key; 0 is no limit.
        cors_origins: Browsers of these origins may post OTLP; none by default.
        tls_certificate: PEM file for both OTLP listeners.
        tls_key: Its private key.
    """

    spool_bytes: int = Field(default=4 * 1024**3, ge=1024**2)
    request_bytes: int = Field(default=64 * 1024**2, ge=1024)
    redact: bool = True
    requests_per_second: float = Field(default=0, ge=0)
    cors_origins: tuple[str, ...] = ()
    tls_certificate: Path | None = None
    tls_key: Path | None = None


class GradingConfig(_Section):
    """When and how conversations are graded.

    Attributes:
        idle_seconds: A conversation with no new spans for this long is complete.
        idle_seconds_by_agent: Other idle times, by agent name.
        max_age_seconds: A conversation older than this is graded even while it goes on.
        tick_seconds: How often complete conversations are looked for.
        scorecard: Scorecard YAML; None is the shipped one.
        turn_types: YAML file of rules that name turns; None is the shipped one.
        shard: This process grades conversations whose hash falls in this share of `shards`.
        shards: Number of processes that share the grading.
    """

    idle_seconds: Seconds = 30
    idle_seconds_by_agent: dict[str, Seconds] = Field(default_factory=dict)
    max_age_seconds: float = Field(default=6 * 3600, gt=0, allow_inf_nan=False)
    tick_seconds: float = Field(default=1, gt=0)
    scorecard: Path | None = None
    turn_types: Path | None = None
    shard: int = Field(default=0, ge=0)
    shards: int = Field(default=1, ge=1)


class ModelPrice(_Section):
    """What a model costs, in US dollars per million tokens.

    Attributes:
        input: Input tokens.
        output: Output tokens.
        cache_read: Input tokens read from the provider's cache; as other input if left out.
        cache_write: Input tokens written to it; as other input if left out.
        reasoning: Output tokens spent on reasoning; as other output if left out.
    """

    input: Dollars
    output: Dollars
    cache_read: Dollars | None = None
    cache_write: Dollars | None = None
    reasoning: Dollars | None = None


class PricesConfig(_Section):
    """What models cost. A cost that a trace states itself wins over every table.

    Attributes:
        models: Own prices by model name, or by `provider/model`; they win over the default list.
        defaults: The list for all other models: the one litellm ships, or none.
    """

    models: dict[str, ModelPrice] = Field(default_factory=dict)
    defaults: Literal["litellm", "none"] = "litellm"


class RetentionConfig(_Section):
    """How long things are kept, in days; 0 keeps them."""

    spans_days: int = Field(default=30, ge=0)
    results_days: int = Field(default=400, ge=0)


class AlertsConfig(_Section):
    """Where alerts come from and go to.

    Attributes:
        objectives: Objectives YAML; None is the shipped one.
        alertmanager: Base URL Floorline pushes its own incidents to.
        webhook: URL every incident is posted to.
        webhook_secret: Key of the HMAC signature on those posts.
    """

    objectives: Path | None = None
    alertmanager: AnyHttpUrl | None = None
    webhook: AnyHttpUrl | None = None
    webhook_secret: str = ""


class Settings(BaseSettings):
    """Everything `floorline up` needs. Environment names use two underscores: `FLOORLINE_GRADING__IDLE_SECONDS=5`."""

    model_config = SettingsConfigDict(
        env_prefix="FLOORLINE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    data: Path = Path("data")
    host: str = "127.0.0.1"
    port: Port = 8318
    otlp_http_port: Port = 4318
    otlp_grpc_port: Port = 4317
    clickhouse: str = ""
    public_url: str = ""
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    ingest: IngestConfig = IngestConfig()
    grading: GradingConfig = GradingConfig()
    prices: PricesConfig = PricesConfig()
    retention: RetentionConfig = RetentionConfig()
    alerts: AlertsConfig = AlertsConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order of precedence; dotenv and secret directories are not read."""
        del settings_cls, dotenv_settings, file_secret_settings
        return init_settings, env_settings

    @property
    def store_url(self) -> str:
        """The ClickHouse to use: the configured server, else the embedded engine in the data directory."""
        return self.clickhouse or f"chdb://{(self.data / 'clickhouse').absolute()}"

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host in LOOPBACK


def _merge(base: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _read_file(config: Path) -> tuple[str, dict[str, object]]:
    try:
        text = config.read_text(encoding="utf-8")
        values = yaml.safe_load(text) or {}
    except OSError as error:
        raise UsageError(f"cannot read {config}: {error.strerror}; give an existing file to --config") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{config} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{config}:1: settings are a mapping of names to values")
    return text, values


def load(config: Path | None = None, overrides: dict[str, object] | None = None) -> Settings:
    """Settings from all sources.

    Args:
        config: YAML file, if any.
        overrides: Values given on the command line, nested as in the file; they win over all else.

    Raises:
        UsageError: Something cannot be used; the text names every problem with its file and line.
    """
    text, values = _read_file(config) if config else ("", {})
    given = overrides or {}
    try:
        from_environment = Settings.model_validate({}).model_dump(exclude_unset=True)
        return Settings.model_validate(_merge(_merge(values, from_environment), given))
    except ValidationError as error:
        problems = []
        for problem in error.errors():
            location = problem["loc"]
            name = ".".join(str(part) for part in location)
            in_file = bool(location) and location[0] in values
            place = f"{config}:{line_of(text, location)}" if in_file else "command line or FLOORLINE_ environment"
            what = "unknown setting" if problem["type"] == "extra_forbidden" else problem["msg"]
            problems.append(f"{place}: {name}: {what}")
        raise UsageError("; ".join(problems)) from error
