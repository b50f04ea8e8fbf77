-- The newest revision of one conversation.
SELECT conversation_id, revision, verdict, risk, graded_at_ns, scorecard_version, document
FROM conversations
WHERE project = {project:String} AND (hour, attempt) IN
(
    SELECT hour, attempt FROM graded
    WHERE project = {project:String} AND conversation_id = {conversation_id:String}
    ORDER BY written DESC
    LIMIT 1
)
LIMIT 1
