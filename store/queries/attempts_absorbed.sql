-- Attempts of traces that were conversations of their own before it was known to which they belong, and still count.
SELECT project, any(attempts.hour) AS hour, attempt, 1 AS retried
FROM attempts
WHERE (project, conversation_id) IN {keys:Array(Tuple(String, String))}
    AND attempt NOT IN (SELECT attempt FROM superseded WHERE project IN {projects:Array(String)} AND retried)
GROUP BY project, attempt
