-- Graded conversations. Every writing of a revision is an attempt with an id of its own; all its rows carry it. Rows are
-- sorted by the hour the conversation started, so that a window of time is one range of every table. An attempt counts
-- until it is in `superseded`; nothing is ever overwritten, so every earlier verdict stays.

CREATE TABLE IF NOT EXISTS attempts
(
    project LowCardinality(String),
    conversation_id String CODEC(ZSTD(1)),
    attempt UInt64,
    revision UInt32,
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    graded_at_ns UInt64
)
ENGINE = ReplacingMergeTree
ORDER BY (project, conversation_id, attempt)
SETTINGS index_granularity = 256;

CREATE TABLE IF NOT EXISTS superseded
(
    project LowCardinality(String),
    hour DateTime('UTC'),
    attempt UInt64,
    retried UInt8
)
ENGINE = ReplacingMergeTree
ORDER BY (project, hour, attempt);

-- The commit mark of a revision, and how far it has seen; written last.
CREATE TABLE IF NOT EXISTS graded
(
    project LowCardinality(String),
    conversation_id String CODEC(ZSTD(1)),
    revision UInt32,
    attempt UInt64,
    hour DateTime('UTC'),
    digest String,
    watermark UInt64,
    graded_at_ns UInt64,
    scorers UInt32,
    written UInt64 DEFAULT toUnixTimestamp64Nano(now64(9))
)
ENGINE = ReplacingMergeTree(written)
ORDER BY (project, conversation_id)
SETTINGS index_granularity = 256;

CREATE TABLE IF NOT EXISTS conversations
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    conversation_id String CODEC(ZSTD(1)),
    attempt UInt64 CODEC(NONE),
    revision UInt32,
    ended_ns Nullable(UInt64),
    user_id String CODEC(ZSTD(1)),
    agent LowCardinality(String),
    version LowCardinality(String),
    channel LowCardinality(String),
    domain LowCardinality(String),
    verdict LowCardinality(String),
    risk Float64,
    turns UInt32,
    turn_types Array(LowCardinality(String)),
    tools Array(LowCardinality(String)),
    failed_scorers Array(LowCardinality(String)),
    scorers Array(LowCardinality(String)),
    failed_scores Array(LowCardinality(String)),
    passed_scores Array(LowCardinality(String)),
    input_tokens UInt64,
    output_tokens UInt64,
    reasoning_tokens UInt64,
    cached_tokens UInt64,
    cost_usd Nullable(Float64),
    duration_seconds Nullable(Float64),
    scorecard_version LowCardinality(String),
    graded_at_ns UInt64,
    document String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, started_ns, conversation_id, attempt)
SETTINGS index_granularity = 256;

CREATE TABLE IF NOT EXISTS turns
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    turn UInt32,
    conversation_id String CODEC(ZSTD(1)),
    type LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    model LowCardinality(String),
    channel LowCardinality(String),
    turn_started_ns UInt64 CODEC(Delta, ZSTD(1)),
    first_token_seconds Nullable(Float64),
    duration_seconds Nullable(Float64),
    input_tokens UInt64,
    output_tokens UInt64,
    reasoning_tokens UInt64,
    cached_tokens UInt64,
    cost_usd Nullable(Float64),
    tool_calls UInt32,
    interrupted UInt8,
    segments Map(LowCardinality(String), Float64)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, attempt, turn)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS tool_calls
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    position UInt32,
    conversation_id String CODEC(ZSTD(1)),
    turn UInt32,
    tool_call_id String CODEC(ZSTD(1)),
    name LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    arguments String CODEC(ZSTD(3)),
    error Nullable(String),
    executed UInt8,
    duration_seconds Nullable(Float64),
    arguments_checked String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, attempt, position)
SETTINGS index_granularity = 1024;

-- One value of one argument of one call, flattened: what drift compares.
CREATE TABLE IF NOT EXISTS argument_values
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    agent LowCardinality(String),
    version LowCardinality(String),
    tool LowCardinality(String),
    path LowCardinality(String),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    position UInt32,
    leaf UInt32,
    type LowCardinality(String),
    value String CODEC(ZSTD(1)),
    number Nullable(Float64),
    shape LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, agent, version, tool, path, attempt, position, leaf)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS scores
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    position UInt32,
    conversation_id String CODEC(ZSTD(1)),
    revision UInt32,
    agent LowCardinality(String),
    version LowCardinality(String),
    turn_type LowCardinality(String),
    tool LowCardinality(String),
    name LowCardinality(String),
    verdict LowCardinality(String),
    value Nullable(Float64),
    label LowCardinality(String),
    explanation String CODEC(ZSTD(3)),
    turn Nullable(UInt32),
    tool_call_id Nullable(String),
    argument_path Nullable(String),
    argument_value String CODEC(ZSTD(3)),
    source String CODEC(ZSTD(3)),
    evidence String CODEC(ZSTD(3)),
    scorer_version LowCardinality(String),
    scorecard_version LowCardinality(String),
    scored_at_ns UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, attempt, position)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS ledger
(
    project LowCardinality(String),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    started_ns UInt64 CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),
    scorer LowCardinality(String),
    conversation_id String CODEC(ZSTD(1)),
    revision UInt32,
    state LowCardinality(String),
    cause String CODEC(ZSTD(1)),
    scorer_version LowCardinality(String),
    graded_at_ns UInt64
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (project, hour, attempt, scorer)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS labels
(
    project LowCardinality(String),
    conversation_id String,
    scorer LowCardinality(String),
    author LowCardinality(String),
    at_ns UInt64,
    verdict LowCardinality(String),
    value Nullable(Float64),
    note String
)
ENGINE = ReplacingMergeTree
ORDER BY (project, conversation_id, scorer, author, at_ns)
SETTINGS index_granularity = 256;

CREATE TABLE IF NOT EXISTS incidents
(
    project LowCardinality(String),
    incident_id String,
    written UInt64 DEFAULT toUnixTimestamp64Nano(now64(9)),
    started_ns UInt64,
    document String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(written)
ORDER BY (project, incident_id);

CREATE TABLE IF NOT EXISTS baselines
(
    project LowCardinality(String),
    agent LowCardinality(String),
    version LowCardinality(String),
    name LowCardinality(String),
    pinned_at_ns UInt64,
    document String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree(pinned_at_ns)
ORDER BY (project, agent, name, version);
