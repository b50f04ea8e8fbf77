-- Where each grading shard starts to read the log of traces: everything before is graded.
CREATE TABLE IF NOT EXISTS activity_tails
(
    shard UInt32,
    shards UInt32,
    since_ms Int64
)
ENGINE = ReplacingMergeTree(since_ms)
ORDER BY (shard, shards);
