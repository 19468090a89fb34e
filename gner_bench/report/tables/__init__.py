"""The tables of a report, one module each, as grids that every format can write."""
