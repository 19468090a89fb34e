"""Fine-tuning a checkpoint the GNER way, on the Trainer of transformers."""
