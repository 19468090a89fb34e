"""Training generative NER checkpoints in the GNER way, from a recipe."""
