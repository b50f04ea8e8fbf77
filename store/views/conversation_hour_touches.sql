SELECT project, hour, max(now64(3, 'UTC')) AS touched_at FROM conversations GROUP BY project, hour
