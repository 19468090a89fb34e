from __future__ import annotations

import runpy

import pytest

from gner_bench.errors import UsageError


def test_inspect_ai_is_asked_for_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gner_bench.extras.installed", lambda name: False)
    with pytest.raises(UsageError, match=r"^inspect_ai is not installed; pip install 'gner-bench\[inspect\]'$"):
        runpy.run_module("gner_bench.integrations.inspect")
