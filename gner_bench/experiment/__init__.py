"""`gner-bench run`: systems, data sets and decodings from one configuration to one report."""
