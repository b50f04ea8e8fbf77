SELECT
    project, session, trace_id, span_id, time_ns, event_name, cityHash64(body, attribute_keys, attribute_values) AS content_hash,
    body, scope_name, attribute_keys, attribute_values, resource_keys, resource_values, received_ns
FROM log_rows_in
