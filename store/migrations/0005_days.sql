-- Sums of whole days over what is asked for most: turns by type and agent. They are named by the time they were made and
-- count while the day's hours are all sealed, as many as then, none since `newest`. `hour` is the day's first, in UTC.

CREATE TABLE IF NOT EXISTS sealed_days
(
    project LowCardinality(String),
    hour DateTime('UTC'),
    sealed_at DateTime64(3, 'UTC'),
    newest DateTime64(3, 'UTC'),
    hours UInt32
)
ENGINE = ReplacingMergeTree(sealed_at)
ORDER BY (project, hour);

CREATE TABLE IF NOT EXISTS turn_days
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    sealed_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    type LowCardinality(String),
    agent LowCardinality(String),
    measure LowCardinality(String),
    bin Int16,
    turns UInt64 CODEC(T64, ZSTD(1)),
    seconds Float64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, sealed_at, measure, type, agent, bin);
