"""Where generations come from: one module for each backend."""
