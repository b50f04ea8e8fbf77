"""Policies as rules over time: templates, predicates, statements."""
