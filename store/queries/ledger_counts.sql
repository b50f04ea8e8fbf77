-- Each revision counts in its newest attempt: a failed attempt gives its revision number back.
SELECT scorer, state, count() AS entries, uniqExact(project, conversation_id) AS conversations,
    uniqExact(project, conversation_id, revision) AS revisions
FROM ledger FINAL
WHERE {scope} AND attempt NOT IN (SELECT attempt FROM superseded WHERE retried)
GROUP BY GROUPING SETS ((scorer, state), ())
