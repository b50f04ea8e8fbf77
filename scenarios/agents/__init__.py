"""Adapters: how a trial talks to an agent."""
