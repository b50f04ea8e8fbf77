"""Scores to pages: metrics, burn-rate rules, dashboards, incidents.

Flow: `metrics` counts what was graded, `objectives` says what is promised, `rules` and `dashboards` generate what
Prometheus and Grafana load, `webhook` takes Alertmanager's deliveries into `incidents`.
"""
