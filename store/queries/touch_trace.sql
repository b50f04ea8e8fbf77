-- Makes a trace count as touched, saying nothing else of it, so that the conversation it now belongs to becomes due.
INSERT INTO trace_touches_in
SELECT
    {project:String} AS project,
    toFixedString(unhex({trace:String}), 16) AS trace_id,
    (toUInt8(255), toUInt8(255), toInt64(0), '') AS conversation,
    CAST([], 'Array(String)') AS sessions,
    (toUInt8(255), toUInt8(255), toInt64(0), '') AS user,
    (toUInt8(255), toUInt64(0), '') AS agent,
    toUInt64(0) AS spans,
    toUInt64(18446744073709551615) AS first_start_ns,
    toUInt64(0) AS last_end_ns,
    toUInt64(18446744073709551615) AS first_received_ns,
    toUInt64(0) AS last_received_ns,
    toUInt8(0) AS ended,
    toUInt64(1) AS touches,
    now64(3, 'UTC') AS inserted_at
