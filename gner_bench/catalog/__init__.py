"""What exists: checkpoints, data sets and published scores, with where they are and what their bytes must be."""

from gner_bench.catalog.catalog import Catalog, catalog, published_scores, use_file

__all__ = ["Catalog", "catalog", "published_scores", "use_file"]
