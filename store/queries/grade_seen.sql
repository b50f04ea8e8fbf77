INSERT INTO graded (project, conversation_id, revision, attempt, hour, digest, watermark, graded_at_ns, scorers)
SELECT project, conversation_id, revision, attempt, hour, digest, {watermark:UInt64}, graded_at_ns, scorers
FROM graded
WHERE project = {project:String} AND conversation_id = {conversation_id:String}
ORDER BY written DESC
LIMIT 1
