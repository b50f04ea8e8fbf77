SELECT DISTINCT attempt, toUnixTimestamp(hour) AS hour FROM attempts
WHERE project = {project:String} AND conversation_id IN {ids:Array(String)}
