SELECT uniqExact(conversation_id) AS conversations, uniqExact(conversation_id, revision) AS revisions
FROM ledger
WHERE project = {project:String} AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND started_ns >= {since_ns:UInt64}
