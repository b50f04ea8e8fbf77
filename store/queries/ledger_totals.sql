-- An hour lies in one partition, so equal keys never lie in two.
SELECT scorer, state, count() AS entries
FROM ledger FINAL
WHERE attempt NOT IN (SELECT attempt FROM superseded WHERE retried)
GROUP BY scorer, state
SETTINGS do_not_merge_across_partitions_select_final = 1
