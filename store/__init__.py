"""ClickHouse behind one client: the embedded engine and a server, the same SQL and the same tests.

Flow: `client` connects, `migrate` brings the schema up to date from numbered SQL files, one module per table family
reads and writes, `retention` forgets. Imports only `conversation`.
"""
