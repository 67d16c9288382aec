"""Torch modules and the training loop; the only room that imports torch at the top."""
