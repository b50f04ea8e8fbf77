SELECT count() AS pending, countIf(graded_revision > 0) AS regraded
FROM ({waiting})
WHERE {scope}
