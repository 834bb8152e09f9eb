"""Deciding, purely: matching rows with the master catalogue, the checks, the guard, the verdict and the blame."""
