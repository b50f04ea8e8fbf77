-- Every trace that may belong to some conversations, with what decides it: a link, else the best candidate, else itself.
WITH candidates AS
(
    SELECT trace_id FROM conversation_traces WHERE project = {project:String} AND conversation_id IN {names:Array(String)}
    UNION DISTINCT
    SELECT trace_id FROM trace_links WHERE project = {project:String} AND conversation_id IN {names:Array(String)}
    UNION DISTINCT
    SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16) AS trace_id
)
SELECT
    lower(hex(activity.trace_id)) AS trace_hex,
    best.value AS named,
    all_sessions AS sessions,
    links.conversation_id AS linked
FROM
(
    SELECT trace_id, min(trace_activity.conversation) AS best, groupUniqArrayArray(trace_activity.sessions) AS all_sessions
    FROM trace_activity
    WHERE project = {project:String} AND trace_id IN (SELECT trace_id FROM candidates)
    GROUP BY trace_id
) AS activity
LEFT JOIN
(
    SELECT trace_id, argMax(trace_links.conversation_id, linked_at_ns) AS conversation_id
    FROM trace_links
    WHERE project = {project:String} AND trace_id IN (SELECT trace_id FROM candidates)
    GROUP BY trace_id
) AS links ON links.trace_id = activity.trace_id
