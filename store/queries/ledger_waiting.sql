SELECT count() AS pending, countIf(graded_revision > 0) AS regraded
FROM ({waiting})
WHERE project = {project:String} AND first_start_ns >= {since_ns:UInt64}
