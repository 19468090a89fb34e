"""Tasks for the harnesses of other projects: our data, questions and counting, their models."""
