"""Grids as Markdown, LaTeX, HTML, CSV, JSON and for the terminal."""
