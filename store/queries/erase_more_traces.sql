-- All traces of some conversations.
SELECT lower(hex(trace_id)) AS trace FROM conversation_traces
WHERE project = {project:String} AND conversation_id IN {ids:Array(String)}
UNION DISTINCT
SELECT lower(hex(trace_id)) AS trace FROM trace_links
WHERE project = {project:String} AND conversation_id IN {ids:Array(String)}
