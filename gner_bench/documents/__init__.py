"""The files that users keep, each a typed value with one reader and one writer: records, run.json, scores.json."""
