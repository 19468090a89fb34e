"""Decoding a tagged copy: drafts, checked by one pass of the model."""
