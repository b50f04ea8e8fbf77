SELECT inserted_at, project, trace_id FROM trace_touches_in
