-- Turns of some hours as counts of logarithmic bins, straight from the rows: waits, and the time in segments of each kind.
SELECT
    {dimensions},
    measured.1 AS measure,
    if(measured.2 <= 0, -32768, toInt16(greatest(-32767., least(32767., ceil(log(measured.2) / {log_gamma:Float64}))))) AS bin,
    count() AS turns,
    sum(assumeNotNull(measured.2)) AS seconds
FROM turns FINAL
ARRAY JOIN {measured} AS measured
WHERE {current} AND hour IN (SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC')) AND isNotNull(measured.2)
GROUP BY {dimensions}, measure, bin
