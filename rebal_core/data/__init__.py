"""Tables in: reading, schema, masking, profile, splits, typed rows, simulation."""
