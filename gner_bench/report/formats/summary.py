"""The summary page of a GitHub Actions step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

VARIABLE = "GITHUB_STEP_SUMMARY"
MOST = 1024 * 1024
"""Bytes that GitHub takes for a step."""


def append_summary(markdown: str, environment: Mapping[str, str]) -> str:
    """Append to the file that the environment names, if any, in one write; returns a warning, empty when it worked."""
    path = Path(environment.get(VARIABLE, ""))
    if not path.name:
        return ""
    content = markdown.encode("utf-8", "replace") + b"\n"
    try:
        size = path.stat().st_size if path.exists() else 0
        if size + len(content) > MOST:
            return f"{path}: no step summary was written: it would be over {MOST:,} bytes"
        with path.open("ab") as file:
            file.write(content)
    except OSError as error:
        return f"{path}: no step summary was written ({error.strerror or error})"
    return ""
