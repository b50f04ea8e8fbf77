-- Verdicts by group and score name. A unit (conversation, turn or tool call) counts once with its worst verdict.
SELECT
    agent,
    key,
    name,
    count() AS units,
    countIf(worst = 1) AS passed,
    countIf(worst = 4) AS failed,
    countIf(worst = 2) AS inconclusive,
    countIf(worst = 3) AS errors,
    countIf(worst = 0) AS not_applicable,
    uniqExact(attempt) AS conversations,
    sum(unit_value) AS value_sum,
    countIf(isNotNull(unit_value)) AS value_count
FROM
(
    SELECT
        agent,
        {key} AS key,
        name,
        attempt,
        max(transform(verdict, ['not_applicable', 'pass', 'inconclusive', 'error', 'fail'], [0, 1, 2, 3, 4], 3)) AS worst,
        avg(value) AS unit_value
    FROM scores FINAL
    WHERE {current} AND hour IN (SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC')) AND {present}
    GROUP BY agent, key, name, attempt, {unit}
)
GROUP BY agent, key, name
