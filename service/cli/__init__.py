"""Commands, one module each; errors are one line on stderr."""
