-- The newest calls of models that report reasoning tokens, with what took their time.
SELECT conversation_id, turn, model, reasoning_tokens, output_tokens, input_tokens, seconds
FROM model_calls FINAL
WHERE {current} {filters} AND seconds > 0 AND model IN
(
    SELECT model FROM model_calls WHERE project = {project:String} AND reasoning_tokens > 0
        AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND hour <= toDateTime({to_hour:UInt32}, 'UTC')
)
ORDER BY hour DESC, started_ns DESC, conversation_id, position
LIMIT {limit:UInt32}
