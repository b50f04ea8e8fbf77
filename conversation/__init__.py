"""What a conversation is: spans in, a typed record of turns out.

Flow: `otlp` decodes, `reader` asks the `conventions` that recognise a span for its facts (field by field), `identity`
says which conversation a trace belongs to and `continuation` joins traces that name none, `assemble` makes one
`model.Conversation` of spans and log records whatever their order (`span_tree` -> `calls` -> `spoken` -> `weave` with
`thread` and `tool_ledger` -> `turns` -> `turn_builder`), `turn_types` names each turn, `latency` splits its wall time
into segments that add up. `transcript` reads and writes the same record as JSON lines. `digest` is its content hash,
`costs` puts a price on its model calls, `verdict` holds what can be said of it.

Pure: no files, no network, no clock, no database. Everything above imports this package; it imports nothing of ours.
"""
