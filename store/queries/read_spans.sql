SELECT
    trace_id, span_id, parent_span_id, name, kind, start_ns, end_ns, status_code, status_message, scope_name,
    scope_version, attribute_keys, attribute_values, resource_keys, resource_values, events
FROM spans
WHERE project = {project:String} AND session IN {sessions:Array(String)}
    AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))
ORDER BY received_ns DESC
LIMIT 1 BY trace_id, span_id
