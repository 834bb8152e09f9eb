"""Whether every city's service-item directory agrees with the province's, and why not."""
