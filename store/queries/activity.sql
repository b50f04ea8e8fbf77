-- Conversations of one shard with something not graded yet. Starts from the traces touched since {since}, resolves the
-- conversation each belongs to now (a link, else its best candidate, else itself), and sums up all its traces.
-- Nearly all of the cost is planning, and a part used twice is planned twice: hence the unions.
WITH
touched AS
(
    SELECT DISTINCT project, trace_id FROM trace_log WHERE inserted_at >= fromUnixTimestamp64Milli({since_ms:Int64}, 'UTC')
),
touched_conversations AS
(
    SELECT DISTINCT touched_traces.project AS project, {resolved} AS conversation_id
    FROM
    (
        SELECT project, trace_id, min(trace_activity.conversation) AS best
        FROM trace_activity
        WHERE (project, trace_id) IN (SELECT project, trace_id FROM touched)
        GROUP BY project, trace_id
    ) AS touched_traces
    LEFT JOIN (SELECT project, trace_id, conversation_id FROM trace_links FINAL) AS links
        ON links.project = touched_traces.project AND links.trace_id = touched_traces.trace_id
    WHERE cityHash64(conversation_id) % {shards:UInt32} = {shard:UInt32}
),
their_traces AS
(
    SELECT project, trace_id
    FROM
    (
        SELECT project, conversation_id, trace_id FROM conversation_traces
        UNION ALL
        SELECT project, conversation_id, trace_id FROM trace_links
    )
    WHERE (project, conversation_id) IN (SELECT project, conversation_id FROM touched_conversations)
    UNION ALL
    SELECT project, trace_id FROM touched
),
active AS
(
    SELECT
        touched_traces.project AS project,
        {resolved} AS conversation_id,
        min(touched_traces.agent).3 AS agent_name,
        sum(touched_traces.spans) AS spans,
        min(touched_traces.first_start_ns) AS first_start_ns,
        max(touched_traces.last_end_ns) AS last_end_ns,
        min(touched_traces.first_received_ns) AS first_received_ns,
        max(touched_traces.last_received_ns) AS last_received_ns,
        max(touched_traces.ended) AS said_ended,
        sum(touched_traces.touches) AS watermark,
        max(touched_traces.inserted_at) AS inserted_at
    FROM
    (
        SELECT
            project,
            trace_id,
            min(trace_activity.conversation) AS best,
            min(trace_activity.agent) AS agent,
            sum(trace_activity.spans) AS spans,
            min(trace_activity.first_start_ns) AS first_start_ns,
            max(trace_activity.last_end_ns) AS last_end_ns,
            min(trace_activity.first_received_ns) AS first_received_ns,
            max(trace_activity.last_received_ns) AS last_received_ns,
            max(trace_activity.ended) AS ended,
            sum(trace_activity.touches) AS touches,
            max(trace_activity.inserted_at) AS inserted_at,
            max((project, trace_id) IN (SELECT project, trace_id FROM touched)) AS is_touched
        FROM trace_activity
        WHERE (project, trace_id) IN (SELECT project, trace_id FROM their_traces)
        GROUP BY project, trace_id
    ) AS touched_traces
    LEFT JOIN (SELECT project, trace_id, conversation_id FROM trace_links FINAL) AS links
        ON links.project = touched_traces.project AND links.trace_id = touched_traces.trace_id
    GROUP BY project, conversation_id
    -- A trace of theirs may belong to another conversation by now, of which the rest was not looked up.
    HAVING max(is_touched) AND cityHash64(conversation_id) % {shards:UInt32} = {shard:UInt32}
)
SELECT
    active.project AS project,
    active.conversation_id AS conversation_id,
    agent_name,
    spans,
    first_start_ns,
    last_end_ns,
    active.last_received_ns AS last_received_ns,
    said_ended OR ends.at_ns > 0 AS ended,
    active.watermark AS watermark,
    greatest(first_received_ns, graded_rows.graded_at_ns) AS waiting_since_ns,
    toUnixTimestamp64Milli(inserted_at) AS inserted_ms,
    graded_rows.revision AS graded_revision
FROM active
LEFT JOIN
(
    SELECT project, conversation_id, argMax(graded.revision, written) AS revision, argMax(graded.watermark, written) AS watermark,
        argMax(graded.graded_at_ns, written) AS graded_at_ns
    FROM graded
    WHERE (project, conversation_id) IN (SELECT project, conversation_id FROM touched_conversations)
    GROUP BY project, conversation_id
) AS graded_rows ON graded_rows.project = active.project AND graded_rows.conversation_id = active.conversation_id
LEFT JOIN (SELECT project, conversation_id, max(conversation_ends.at_ns) AS at_ns FROM conversation_ends GROUP BY project, conversation_id) AS ends
    ON ends.project = active.project AND ends.conversation_id = active.conversation_id
WHERE active.watermark > graded_rows.watermark
