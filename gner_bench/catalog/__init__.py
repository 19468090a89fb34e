"""What exists: checkpoints, data sets and published scores, with where they are and what their bytes must be."""

from gner_bench.catalog.catalog import Catalog, bibliography, catalog, published_scores, synonyms, use_file

__all__ = ["Catalog", "bibliography", "catalog", "published_scores", "synonyms", "use_file"]
