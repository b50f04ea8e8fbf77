INSERT INTO graded (project, conversation_id, revision, attempt, hour, digest, watermark, graded_at_ns, scorers)
SELECT newest.project, newest.conversation_id, revision, attempt, hour, digest, marks.watermark, graded_at_ns, scorers
FROM
(
    SELECT project, conversation_id, revision, attempt, hour, digest, graded_at_ns, scorers
    FROM graded
    WHERE (project, conversation_id) IN (SELECT mark.1, mark.2 FROM (SELECT arrayJoin({marks:Array(Tuple(String, String, UInt64))}) AS mark))
    ORDER BY written DESC
    LIMIT 1 BY project, conversation_id
) AS newest
INNER JOIN
(
    SELECT mark.1 AS project, mark.2 AS conversation_id, mark.3 AS watermark
    FROM (SELECT arrayJoin({marks:Array(Tuple(String, String, UInt64))}) AS mark)
) AS marks ON marks.project = newest.project AND marks.conversation_id = newest.conversation_id
