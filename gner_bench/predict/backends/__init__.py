"""One module a backend: how a system is asked."""
