"""Files of the tau2-bench export, written into each bundle. They run beside tau2, not here."""
