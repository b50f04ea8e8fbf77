SELECT DISTINCT conversation_id FROM conversations WHERE project = {project:String} AND user_id = {user:String}
