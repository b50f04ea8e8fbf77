-- The same of log records; ordinary application logs that share the stream do not make conversations.
SELECT
    project,
    trace_id,
    min(log_rows_in.conversation) AS conversation,
    groupUniqArray(session) AS sessions,
    min(log_rows_in.user) AS user,
    {no_agent} AS agent,
    toUInt64(0) AS spans,
    min(time_ns) AS first_start_ns,
    max(time_ns) AS last_end_ns,
    min(received_ns) AS first_received_ns,
    max(received_ns) AS last_received_ns,
    max(ended) AS ended,
    toUInt64(1) AS touches,
    now64(3, 'UTC') AS inserted_at
FROM log_rows_in
WHERE relevant
GROUP BY project, trace_id
