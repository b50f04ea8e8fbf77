-- What one insert's spans say of each of their traces.
SELECT
    project,
    trace_id,
    min(span_rows_in.conversation) AS conversation,
    groupUniqArray(session) AS sessions,
    min(span_rows_in.user) AS user,
    min(span_rows_in.agent) AS agent,
    count() AS spans,
    min(start_ns) AS first_start_ns,
    max(end_ns) AS last_end_ns,
    min(received_ns) AS first_received_ns,
    max(received_ns) AS last_received_ns,
    max(ended) AS ended,
    toUInt64(1) AS touches,
    now64(3, 'UTC') AS inserted_at
FROM span_rows_in
GROUP BY project, trace_id
