"""Fine-tuning a checkpoint in the GNER way, from a recipe, on the Trainer of transformers."""
