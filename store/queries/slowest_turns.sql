-- The turns that took longest.
SELECT conversation_id, turn, type, agent, version, model, channel, turn_started_ns, first_token_seconds, duration_seconds,
    reasoning_tokens, cost_usd, segments
FROM turns FINAL
WHERE {current} AND isNotNull({measure}) {filters}
ORDER BY {measure} DESC, turn_started_ns DESC, conversation_id, turn
LIMIT {limit:UInt32}
