-- Traces whose spans name a user, and the conversations they name.
SELECT
    lower(hex(trace_id)) AS trace,
    min(trace_activity.conversation).4 AS id,
    groupUniqArrayArray(trace_activity.sessions) AS ids
FROM trace_activity
WHERE project = {project:String}
GROUP BY trace_id
HAVING min(trace_activity.user).4 = {user:String}
