"""`gner-bench run`: checkpoints, data sets and decodings from one configuration to one report."""
