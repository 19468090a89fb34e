"""What is shown of scores: tables, figures, pages, and scores in the formats of others."""
