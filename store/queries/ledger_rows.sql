SELECT
    revision,
    scorer,
    argMax(ledger.state, (graded_at_ns, attempt)) AS state,
    argMax(ledger.cause, (graded_at_ns, attempt)) AS cause,
    argMax(ledger.scorer_version, (graded_at_ns, attempt)) AS scorer_version,
    max(ledger.graded_at_ns) AS graded_at_ns
FROM ledger
WHERE project = {project:String} AND (hour, attempt) IN
    (SELECT hour, attempt FROM attempts WHERE project = {project:String} AND conversation_id = {conversation_id:String})
GROUP BY revision, scorer
ORDER BY revision DESC, scorer
