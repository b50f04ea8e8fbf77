-- OTLP trace requests to one row a span.
WITH
    arrayMap(key -> transform(key, {keys}, {codes}, toUInt8(255)), attribute_keys) AS key_codes,
    arrayFilter(code -> code != 255, key_codes) AS hit_codes,
    arrayMap(value -> {text}, arrayFilter((value, code) -> code != 255, attribute_values, key_codes)) AS hit_texts,
    {values} AS hit_values,
    {live} AS live_codes,
    toUInt8({tier}) AS tier,
    -toInt64(start_ns) AS before
SELECT
    project,
    received_ns,
    conversation.4 AS session,
    toFixedString(span.trace_id, 16) AS trace_id,
    toFixedString(span.span_id, 8) AS span_id,
    if(span.parent_span_id = unhex('0000000000000000'), '', span.parent_span_id) AS parent_span_id,
    span.name AS name,
    toInt8(span.kind) AS kind,
    span.start_time_unix_nano AS start_ns,
    span.end_time_unix_nano AS end_ns,
    toInt8(span.status.code) AS status_code,
    span.status.message AS status_message,
    scope.name AS scope_name,
    scope.version AS scope_version,
    mapKeys(span.attributes) AS attribute_keys,
    mapValues(span.attributes) AS attribute_values,
    resource_keys,
    resource_values,
    span.events AS events,
    {conversation} AS conversation,
    {user} AS user,
    {agent} AS agent,
    toUInt8({ended} OR arrayExists(event -> {ended_event}, events)) AS ended
FROM
(
    SELECT
        project,
        received_ns,
        mapKeys(resource_spans.resource.attributes) AS resource_keys,
        mapValues(resource_spans.resource.attributes) AS resource_values,
        {resource_conversation} AS resource_conversation,
        {resource_user} AS resource_user,
        scope_spans.scope AS scope,
        scope_spans.spans AS spans
    FROM
    (
        SELECT request.project AS project, request.received_ns AS received_ns, arrayJoin(request.resource_spans) AS resource_spans
        FROM (SELECT arrayJoin(requests) AS request FROM otlp_traces_in)
    )
    ARRAY JOIN resource_spans.scope_spans AS scope_spans
)
ARRAY JOIN spans AS span
