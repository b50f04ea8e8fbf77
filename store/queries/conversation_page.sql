-- Newest first. The sort key is read backwards, so a page costs what it skips, not what is stored. First which rows, then
-- what they say: every part has to show its newest rows, and 28 columns of all parts took five times as long (30,000
-- conversations in 15 parts: 45 ms instead of 230).
SELECT
    conversation_id, started_ns, ended_ns, user_id, agent, version, channel, domain, verdict, risk, revision, turns, turn_types,
    tools, failed_scorers, failed_scores, passed_scores, input_tokens, output_tokens, reasoning_tokens, cached_tokens, cost_usd,
    unpriced_calls, models, intent, duration_seconds, scorecard_version, graded_at_ns
FROM conversations
WHERE project = {project:String} AND (hour, started_ns, conversation_id, attempt) IN
(
    SELECT hour, started_ns, conversation_id, attempt
    FROM conversations
    WHERE {current}
        AND (started_ns, conversation_id) < ({before_ns:UInt64}, {before_id:String})
        {filters}
    ORDER BY project DESC, hour DESC, started_ns DESC, conversation_id DESC
    LIMIT 1 BY conversation_id
    LIMIT {limit:UInt32}
)
ORDER BY started_ns DESC, conversation_id DESC
LIMIT 1 BY conversation_id
