"""What a conversation is: spans in, a typed record of turns out.

Flow: `conventions` read each span by its own family's rules, `identity` says which conversation a trace belongs to,
`assemble` joins spans and log records into one `model.Conversation` whatever their order, `turn_types` names each
turn and `latency` splits its wall time into segments that add up. `transcript` reads and writes the same record as
JSON lines. `verdict` holds what can be said of a conversation.

Pure: no files, no network, no clock, no database. Everything above imports this package; it imports nothing of ours.
"""
