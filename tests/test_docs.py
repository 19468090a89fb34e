"""The documentation builds without a warning and without a network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_site_builds_in_strict_mode(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    offline = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, **offline})
    assert done.returncode == 0, done.stderr
    commands = (tmp_path / "cli.html").read_text(encoding="utf-8")
    assert all(f"gner-bench {verb}" in commands for verb in ("predict", "score", "compare", "explain", "report", "run"))
    assert "load_predictions" in (tmp_path / "api.html").read_text(encoding="utf-8")
    assert not [page for page in tmp_path.rglob("*.html") if "fonts.googleapis" in page.read_text(encoding="utf-8")]
