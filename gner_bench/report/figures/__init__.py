"""The figures of a report, one module each. Only drawing imports matplotlib."""
