-- OTLP log requests to one row a record. A record without a trace that names a conversation gets a trace of its own.
WITH
    record.attributes['event.name'] AS named,
    arrayMap(key -> transform(key, {keys}, {codes}, toUInt8(255)), attribute_keys) AS key_codes,
    arrayFilter(code -> code != 255, key_codes) AS hit_codes,
    arrayMap(value -> {text}, arrayFilter((value, code) -> code != 255, attribute_values, key_codes)) AS hit_texts,
    {values} AS hit_values,
    {live} AS live_codes,
    toUInt8(3) AS tier,
    -toInt64(time_ns) AS before
SELECT
    project,
    received_ns,
    conversation.4 AS session,
    if(notEmpty(replaceAll(record.trace_id, '\0', '')), toFixedString(record.trace_id, 16),
        sipHash128(project, conversation.4)) AS trace_id,
    if(record.span_id = unhex('0000000000000000'), '', record.span_id) AS span_id,
    if(record.time_unix_nano = 0, record.observed_time_unix_nano, record.time_unix_nano) AS time_ns,
    mapKeys(record.attributes) AS attribute_keys,
    mapValues(record.attributes) AS attribute_values,
    if(record.event_name != '', record.event_name, if(startsWith(named, '\x0a'), substring(named, 3), '')) AS event_name,
    record.body AS body,
    scope_name,
    resource_keys,
    resource_values,
    {conversation} AS conversation,
    {user} AS user,
    toUInt8({ended} OR has({ended_names}, event_name)) AS ended,
    toUInt8(session != '' OR ended OR startsWith(event_name, 'gen_ai.')) AS relevant
FROM
(
    SELECT
        project,
        received_ns,
        mapKeys(resource_logs.resource.attributes) AS resource_keys,
        mapValues(resource_logs.resource.attributes) AS resource_values,
        {resource_conversation} AS resource_conversation,
        {resource_user} AS resource_user,
        scope_logs.scope.name AS scope_name,
        scope_logs.log_records AS records
    FROM
    (
        SELECT request.project AS project, request.received_ns AS received_ns, arrayJoin(request.resource_logs) AS resource_logs
        FROM (SELECT arrayJoin(requests) AS request FROM otlp_logs_in)
    )
    ARRAY JOIN resource_logs.scope_logs AS scope_logs
)
ARRAY JOIN records AS record
WHERE notEmpty(replaceAll(record.trace_id, '\0', '')) OR session != ''
