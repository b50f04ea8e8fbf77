-- Of each conversation, every attempt but the newest: by revision, then time, then id, so that all writers agree.
-- `retried` marks those that were not even the newest attempt of their own revision.
SELECT project, hour, attempt, retried
FROM
(
    SELECT
        project,
        hour,
        attempt,
        row_number() OVER (PARTITION BY project, conversation_id ORDER BY revision DESC, graded_at_ns DESC, attempt DESC) AS place,
        row_number() OVER (PARTITION BY project, conversation_id, revision ORDER BY graded_at_ns DESC, attempt DESC) > 1 AS retried
    FROM
    (
        SELECT project, conversation_id, attempt, any(attempts.hour) AS hour, max(attempts.revision) AS revision,
            max(attempts.graded_at_ns) AS graded_at_ns
        FROM attempts
        WHERE (project, conversation_id) IN {keys:Array(Tuple(String, String))}
        GROUP BY project, conversation_id, attempt
    )
)
WHERE place > 1
