"""What leaves the house: balanced data, models, scored rows."""
