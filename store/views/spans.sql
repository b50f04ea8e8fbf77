-- What a sender sends again before it was answered often comes in the same insert: equal rows are kept once at once.
SELECT
    project, session, trace_id, span_id, parent_span_id, name, kind, start_ns, end_ns, status_code, status_message,
    scope_name, scope_version, attribute_keys, attribute_values, resource_keys, resource_values, events, received_ns
FROM span_rows_in
LIMIT 1 BY project, trace_id, span_id, session, start_ns, end_ns, farmHash64(attribute_values, events, status_code)
