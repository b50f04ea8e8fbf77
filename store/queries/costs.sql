-- What model calls took and cost. A call that asked for several tools is shared evenly among them where tools are the key.
SELECT
    {key} AS group_key,
    uniqExact(attempt, position) AS calls,
    uniqExact(attempt, turn) AS of_turns,
    uniqExact(attempt) AS of_conversations,
    uniqExactIf(attempt, verdict = 'pass') AS resolved,
    sum(share * input_tokens) AS given,
    sum(share * output_tokens) AS made,
    sum(share * reasoning_tokens) AS thought,
    sum(share * cached_tokens) AS cached,
    sum(share * written_tokens) AS written,
    sum(share * cost_usd) AS usd,
    sum(share * reasoning_usd) AS thought_usd,
    uniqExactIf((attempt, position), isNull(cost_usd)) AS unpriced,
    uniqExactIf((attempt, position), cost_source = 'trace') AS stated,
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
