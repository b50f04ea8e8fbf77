SELECT
    project, trace_id, conversation, sessions, user, agent, spans, first_start_ns, last_end_ns, first_received_ns,
    last_received_ns, ended, touches, inserted_at
FROM trace_touches_in
