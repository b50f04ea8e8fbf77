"""One file a scorer, found by entry points."""
