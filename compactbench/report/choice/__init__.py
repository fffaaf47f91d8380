"""Which model to take under a reader's limits, and the Pareto front."""
