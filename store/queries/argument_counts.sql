-- Calls by tool, argument path and what is counted: one row a distinct type, value, number or shape, the commonest first.
SELECT tool, path, what, item, uniqExact(attempt, position) AS calls, any(exact) AS number
FROM
(
    SELECT tool, path, attempt, position, counted.1 AS what, counted.2 AS item, number AS exact
    FROM argument_values FINAL
    ARRAY JOIN
        arrayFilter(pair -> pair.1 != '', [
            ('present', ''), ('types', toString(type)), ('values', value),
            (if(isNull(number), '', 'numbers'), toString(ifNull(number, 0))),
            (if(type = 'string', 'shapes', ''), toString(shape))
        ]) AS counted
    WHERE {current} {filters}
)
GROUP BY tool, path, what, item
ORDER BY tool, path, what, calls DESC, item
LIMIT {most:UInt32} BY tool, path, what
