-- What model calls took and cost. Where tools are the key, a call that asked for several is shared evenly among them, and
-- is a row for each.
SELECT
    {key} AS group_key,
    {calls} AS calls,
    uniqExact(cityHash64(attempt, turn)) AS of_turns,
    uniqExact(attempt) AS of_conversations,
    uniqExactIf(attempt, verdict = 'pass') AS resolved,
    sum(share * input_tokens) AS given,
    sum(share * output_tokens) AS made,
    sum(share * reasoning_tokens) AS thought,
    sum(share * cached_tokens) AS cached,
    sum(share * written_tokens) AS written,
    sum(share * cost_usd) AS usd,
    sum(share * reasoning_usd) AS thought_usd,
    countIf(isNull(cost_usd)) AS unpriced,
    countIf(cost_source = 'trace') AS stated,
    groupUniqArray(10)(prices) AS by_prices
FROM
(
    SELECT attempt, position, turn, verdict, agent, version, model, turn_type, intent, input_tokens, output_tokens,
        reasoning_tokens, cached_tokens, written_tokens, cost_usd, reasoning_usd, cost_source, prices,
        {tool} AS tool, {share} AS share
    FROM model_calls FINAL
    WHERE {current} {filters}
)
GROUP BY group_key
ORDER BY usd DESC NULLS LAST, calls DESC, group_key
LIMIT {limit:UInt32}
-- Equal rows have the same hour, so they are in the same month: parts of different ones need no merging.
SETTINGS do_not_merge_across_partitions_select_final = 1
