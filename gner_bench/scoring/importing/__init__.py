"""Predictions of other systems, in their own formats, onto the words of gold sentences; one module a format."""
