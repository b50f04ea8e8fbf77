-- Each revision counts in its newest attempt only: a failed attempt gives its revision number back.
SELECT scorer, state, count() AS entries
FROM
(
    SELECT conversation_id, revision, scorer, argMax(ledger.state, (graded_at_ns, attempt)) AS state
    FROM ledger
    WHERE project = {project:String} AND hour >= toDateTime({from_hour:UInt32}, 'UTC') AND started_ns >= {since_ns:UInt64}
    GROUP BY conversation_id, revision, scorer
)
GROUP BY scorer, state
