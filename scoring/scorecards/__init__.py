"""Scorecards that ship: `default.yaml`."""
