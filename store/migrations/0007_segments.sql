-- Sums of hours now also hold the time in segments of each kind: hours that were summed before are summed again.
INSERT INTO hour_touches (project, hour, touched_at)
SELECT project, hour, now64(3, 'UTC') FROM sealed_hours GROUP BY project, hour;
