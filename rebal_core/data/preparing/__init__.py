"""From a table to typed rows, fitted on the training rows of one fold, and back."""
