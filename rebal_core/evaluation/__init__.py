"""From out-of-fold predictions to scores, intervals, tests and a verdict."""
