SELECT project, conversation_id, trace_id, last_received_ns
FROM trace_touches_in
ARRAY JOIN arrayFilter(session -> session != '', sessions) AS conversation_id
