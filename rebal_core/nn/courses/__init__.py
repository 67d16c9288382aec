"""Courses of training, one file a kind: what strategies on the training slot do to a network."""
