"""Predictions of other systems, in their own formats, onto the words of gold sentences; one module a format."""

IMPORTS = ("conll", "spans", "uniner", "slimer", "text", "inline")
PREDICTIONS = "gner-jsonl"
FORMATS = (PREDICTIONS, *IMPORTS)
