-- Sums of the time in segments of each kind, beside those of whole turns, so that neither makes the other slower to read.

CREATE TABLE IF NOT EXISTS segment_hours
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

CREATE TABLE IF NOT EXISTS segment_days
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

INSERT INTO hour_touches (project, hour, touched_at)
SELECT project, hour, now64(3, 'UTC') FROM sealed_hours GROUP BY project, hour;
