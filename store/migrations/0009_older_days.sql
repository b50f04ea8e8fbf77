-- The texts of spans that came a day ago or earlier are compressed harder, once, in the background: people read the
-- last hours, and a level that is too slow for loading is not for that. Measured on 100,000 spans of 2.5 kB, bytes a span
-- merged and microseconds of CPU to write one: ZSTD(3) 219 and 5.5; ZSTD(6) 202 and 12; ZSTD(9) 197 and 19; ZSTD(12) 195
-- and 30; with the long window ZSTD(9, 22) 203 and 19. Parts from before this file are left as they are.
ALTER TABLE spans MODIFY SETTING default_compression_codec = 'ZSTD(3)';

ALTER TABLE spans
    MODIFY COLUMN attribute_values Array(String) CODEC(Default),
    MODIFY COLUMN events Array(String) CODEC(Default),
    MODIFY TTL toDateTime(intDiv(received_ns, 1000000000), 'UTC') + INTERVAL 1 DAY RECOMPRESS CODEC(ZSTD(9))
SETTINGS materialize_ttl_after_modify = 0;

-- Ids in hexadecimal and times, which LZ4 cannot make smaller: 20 bytes a span instead of 26.
ALTER TABLE trace_activity MODIFY SETTING default_compression_codec = 'ZSTD(3)';
