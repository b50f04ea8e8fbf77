-- Every revision of one conversation with its verdict, oldest first; of one revision the newest attempt.
SELECT revision, verdict, risk, turns, graded_at_ns, scorecard_version, attempt, hour
FROM conversations
WHERE project = {project:String} AND (hour, attempt) IN
    (SELECT hour, attempt FROM attempts WHERE project = {project:String} AND conversation_id = {conversation_id:String})
ORDER BY revision, graded_at_ns DESC
LIMIT 1 BY revision
