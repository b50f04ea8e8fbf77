-- What model calls cost, by which prices, and what they were for. A row keeps the version of the prices it was made with.

CREATE TABLE IF NOT EXISTS model_calls
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    position UInt32,
    conversation_id String CODEC(ZSTD(1)),
    turn UInt32,
    turn_type LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    verdict LowCardinality(String),
    intent LowCardinality(String),
    model LowCardinality(String),
    provider LowCardinality(String),
    tools Array(LowCardinality(String)),
    input_tokens UInt64 CODEC(T64, ZSTD(1)),
    output_tokens UInt64 CODEC(T64, ZSTD(1)),
    reasoning_tokens UInt64 CODEC(T64, ZSTD(1)),
    cached_tokens UInt64 CODEC(T64, ZSTD(1)),
    written_tokens UInt64 CODEC(T64, ZSTD(1)),
    cost_usd Nullable(Float64) CODEC(ZSTD(1)),
    reasoning_usd Nullable(Float64) CODEC(ZSTD(1)),
    cost_source LowCardinality(String),
    prices LowCardinality(String),
    seconds Float64 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, attempt, position)
SETTINGS index_granularity = 1024;

ALTER TABLE conversations
    ADD COLUMN IF NOT EXISTS models Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS intent LowCardinality(String),
    ADD COLUMN IF NOT EXISTS unpriced_calls UInt32,
    ADD COLUMN IF NOT EXISTS prices LowCardinality(String),
    ADD COLUMN IF NOT EXISTS turn_rules LowCardinality(String);

ALTER TABLE turns ADD COLUMN IF NOT EXISTS turn_rules LowCardinality(String);
