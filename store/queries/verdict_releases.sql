-- Outcomes of every release that names a version, in its newest revisions.
SELECT
    toString(project) AS of_project,
    toString(agent) AS agent_name,
    toString(version) AS agent_version,
    min(started_ns) AS first_seen_ns,
    countIf(verdict = 'pass') AS passed,
    countIf(verdict = 'fail') AS failed
FROM conversations FINAL
WHERE version != '' AND (project, attempt) NOT IN (SELECT project, attempt FROM superseded)
GROUP BY project, agent, version
ORDER BY of_project, agent_name, first_seen_ns
