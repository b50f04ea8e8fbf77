SELECT now64(3, 'UTC') AS inserted_at, project, trace_id, last_received_ns FROM trace_touches_in
