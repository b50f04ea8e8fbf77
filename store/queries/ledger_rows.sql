SELECT revision, scorer, state, cause, scorer_version, graded_at_ns
FROM ledger
WHERE project = {project:String}
    AND (hour, attempt) IN
        (SELECT hour, attempt FROM attempts WHERE project = {project:String} AND conversation_id = {conversation_id:String})
ORDER BY revision DESC, scorer, graded_at_ns DESC
LIMIT 1 BY revision, scorer
