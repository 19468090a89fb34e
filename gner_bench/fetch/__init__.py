"""From names to verified files in the cache."""
