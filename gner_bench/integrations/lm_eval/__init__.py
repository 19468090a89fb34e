"""Tasks for lm-evaluation-harness: ``lm_eval --include_path FOLDER``, where ``FOLDER`` is this one."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent
