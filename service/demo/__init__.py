"""The demo shop: a small scripted retail agent in three releases, and its traffic."""
