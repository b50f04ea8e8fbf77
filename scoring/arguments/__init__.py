"""Where each tool argument came from, and what is wrong with it."""
