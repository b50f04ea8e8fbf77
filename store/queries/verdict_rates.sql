-- Conversations of the newest revisions by their overall verdict, and what they cost.
SELECT
    {key} AS key,
    {bucket} AS bucket,
    count() AS conversations,
    countIf(verdict = 'pass') AS passed,
    countIf(verdict = 'fail') AS failed,
    count() - passed - failed AS inconclusive,
    sum(cost_usd) AS usd,
    sum(unpriced_calls) AS unpriced
FROM conversations FINAL
WHERE {current} AND ({agent:String} = '' OR agent = {agent:String})
GROUP BY key, bucket
ORDER BY bucket, key
