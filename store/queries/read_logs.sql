SELECT
    trace_id, span_id, time_ns, event_name, body, scope_name, attribute_keys, attribute_values, resource_keys, resource_values
FROM logs
WHERE project = {project:String} AND session IN {sessions:Array(String)}
    AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))
ORDER BY received_ns DESC
LIMIT 1 BY trace_id, span_id, time_ns, event_name, content_hash
