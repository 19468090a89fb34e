from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from gner_bench.errors import GnerBenchError
from gner_bench.fetch.home import home, offline, require_space, size_text


def test_home_is_the_variable_or_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", "~/elsewhere")
    assert home() == Path.home() / "elsewhere"
    monkeypatch.setenv("GNER_BENCH_HOME", "")
    assert home() == Path(platformdirs.user_cache_dir("gner-bench"))


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("True", True), ("ON", True), ("0", False), ("", False)])
def test_offline_by_variable(value: str, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert offline() is expected
    assert offline(True)


def test_space_is_looked_up_where_the_folder_will_be(tmp_path: Path) -> None:
    require_space(tmp_path / "not" / "yet", 1)
    with pytest.raises(GnerBenchError, match=r"^needs 1000000\.0 TB, .* free in .*yet$"):
        require_space(tmp_path / "not" / "yet", 10**18)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (999_999, "1.0 MB"), (44_500_000_000, "44.5 GB")],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert size_text(size) == text
