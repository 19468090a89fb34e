"""How many trials a test has and what it is; by itself, since the help of commands shows it and is to come at once."""

TRIALS = 10_000
"""Of a test whether two systems differ, whoever asks for it: compare, report or a gate. F1 and its interval have
``Resampling`` of their own."""
TEST = "studentized permutation"
"""What JSON calls the test; in sentences it has the word test behind it."""
