"""Counting entities and turning counts into scores."""
