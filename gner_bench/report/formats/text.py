"""One result in each format that is plain text."""

from __future__ import annotations

from gner_bench.files import to_json
from gner_bench.report.formats import Result, as_json
from gner_bench.report.formats.csv import to_csv
from gner_bench.report.formats.junit import to_junit
from gner_bench.report.formats.markdown import to_markdown


def text_of(result: Result, format_: str, per_type: bool = False) -> str:
    """What is printed as ``json``, ``markdown``, ``csv`` or ``junit``. Raises KeyError for another format."""
    write = {
        "json": lambda: to_json(as_json(result)) + "\n",
        "markdown": lambda: to_markdown(result, per_type),
        "csv": lambda: to_csv(result),
        "junit": lambda: to_junit(result),
    }
    return write[format_]()
