"""Views: scores, comparisons, plans and explanations as grids that every format can write."""
