SELECT name, verdict, value, label, explanation, turn, tool_call_id, argument_path, argument_value, source, evidence, scorer_version,
    scorecard_version, scored_at_ns
FROM scores
WHERE project = {project:String} AND hour = {hour:DateTime('UTC')} AND attempt = {attempt:UInt64}
ORDER BY position
LIMIT 1 BY position
