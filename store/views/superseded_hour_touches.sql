SELECT project, hour, max(now64(3, 'UTC')) AS touched_at FROM superseded GROUP BY project, hour
