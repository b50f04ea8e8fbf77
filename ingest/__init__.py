"""OTLP in, durable before it is acknowledged.

Flow: `http_receiver` and `grpc_receiver` decode and end in `handler`: authenticate, bound, check, redact, append to the
`spool` with group-commit fsync, and only then answer 2xx. `loader` hands spooled bodies to the engine, which parses
them; a deduplication token makes each batch land exactly once.
"""
