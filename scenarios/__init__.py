"""Failing conversations to repeatable trials.

Flow: `promote` writes a `spec` with recorded tool results (`cassette`), `reproduce` proves that it fails the same way,
`trial` plays a user against an agent, `grade` uses the scorecard of production, `pass_k` and `gate` decide, `report`
tells.
"""
