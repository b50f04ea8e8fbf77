"""The pages: server-rendered, no network, every number leads to its conversations."""
