-- Calls by tool and by the tool called just before it in the conversation.
SELECT tool, before, count() AS calls, groupUniqArray(attempt) AS attempts
FROM
(
    SELECT
        name AS tool,
        attempt,
        lagInFrame(toString(name), 1, 'START') OVER
            (PARTITION BY attempt ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS before
    FROM tool_calls FINAL
    WHERE {current} {filters}
)
GROUP BY tool, before
