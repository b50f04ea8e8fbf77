-- The scores of a conversation's newest revision.
SELECT name, verdict, value, label, explanation, turn, tool_call_id, argument_path, argument_value, source, evidence, scorer_version,
    scorecard_version, scored_at_ns
FROM scores
WHERE project = {project:String} AND (hour, attempt) IN
(
    SELECT hour, attempt FROM graded
    WHERE project = {project:String} AND conversation_id = {conversation_id:String}
    ORDER BY written DESC
    LIMIT 1
)
ORDER BY position
LIMIT 1 BY position
