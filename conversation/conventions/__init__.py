"""One module for each attribute convention, all with the same protocol, none importing another."""
