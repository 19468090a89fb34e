"""Generating with a checkpoint: loading, planning, decoding, recording. Imports torch; scoring does not need it."""
