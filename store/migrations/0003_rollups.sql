-- Sums by the hour conversations started. An hour's sums are made at once from its rows and named by the time they were
-- made; they count while nothing was written for the hour since. Until then readers take the rows themselves.

CREATE TABLE IF NOT EXISTS hour_touches
(
    project LowCardinality(String),
    hour DateTime('UTC'),
    touched_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, hour);

CREATE TABLE IF NOT EXISTS sealed_hours
(
    project LowCardinality(String),
    hour DateTime('UTC'),
    sealed_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY (project, hour);

-- Seconds in logarithmic bins: values of one bin differ by at most 1%, so any quantile is within 0.5% of a value that is
-- there (DDSketch: Masson, Rim, Lee, VLDB 2019). Counts of bins add up over any hours, agents and types.
CREATE TABLE IF NOT EXISTS turn_hours
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    sealed_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    type LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    model LowCardinality(String),
    channel LowCardinality(String),
    measure LowCardinality(String),
    bin Int16,
    turns UInt64 CODEC(T64, ZSTD(1)),
    seconds Float64 CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, sealed_at, measure, type, agent, version, model, channel, bin);

CREATE TABLE IF NOT EXISTS score_hours
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    sealed_at DateTime64(3, 'UTC') CODEC(ZSTD(1)),
    dimension LowCardinality(String),
    agent LowCardinality(String),
    key String CODEC(ZSTD(1)),
    name LowCardinality(String),
    units UInt64,
    passed UInt64,
    failed UInt64,
    inconclusive UInt64,
    errors UInt64,
    not_applicable UInt64,
    conversations UInt64,
    value_sum Float64,
    value_count UInt64
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, sealed_at, dimension, name, key, agent);
