"""How the embedded demonstration checkpoint is made: a small T5, trained from scratch as recipe.toml says."""
