"""Figures over many graded conversations: degradation with length, economics, pass^k per intent. Pure functions."""
