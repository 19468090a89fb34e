"""What exists: checkpoints, data sets and published scores, with where they are and what their bytes must be."""

from gner_bench.catalog.catalog import Catalog, catalog, use_file

__all__ = ["Catalog", "catalog", "use_file"]
