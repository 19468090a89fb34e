"""Decoding: drafts or constraints checked by one pass of the model for many tokens, and transformers' ``generate``."""
