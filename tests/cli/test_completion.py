from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from gner_bench.cli import main

OWN = """
[[model]]
name = "GNER-mine"
hub = "owner/mine"
"""


def offered(line: str) -> list[str]:
    """What Tab offers at the end of a command line."""
    *words, incomplete = line.split(" ")
    found = ShellComplete(main, {}, "gner-bench", "_GNER_BENCH_COMPLETE").get_completions(words, incomplete)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in found]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("pred", ["predict"]),
        ("predict --mod", ["--model"]),
        ("predict --model gner-t5-b", ["<dir>", "GNER-T5-base"]),
        ("predict --model dem", ["<dir>", "demo"]),
        ("predict --data ", ["<dir>", "demo"]),
        ("predict --datasets zero", ["zero-shot"]),
        ("predict --datasets mit-movie,crossner_a", ["mit-movie,crossner_ai"]),
        ("predict --backend o", ["openai"]),
        ("predict --format js", ["json"]),
        ("sensitivity --names upper,syn", ["upper,synonyms"]),
        ("predict --type-names up", ["upper"]),
        ("tag --model GNER-LL", ["<dir>", "GNER-LLaMA-7B"]),
        ("score pred", ["<file>"]),
        ("score --metric con", ["conlleval"]),
        ("score --from men", ["mentions"]),
        ("score --as crossner_p", ["crossner_politics"]),
        ("score -b m", ["mean"]),
        ("score -b strict@mit-m", ["strict@mit-movie"]),
        ("score --tokenizer no", ["<file>", "none"]),
        ("report --formats md,te", ["md,tex"]),
        ("convert --to gner-", ["gner-jsonl"]),
        ("convert in", ["<file>"]),
        ("list pub", ["published"]),
        ("download mit-r", ["mit-restaurant"]),
        ("audit ncb", ["ncbi"]),
        ("train gner-t5-base-s", ["<file>", "gner-t5-base-supervised"]),
        ("cache ver", ["verify"]),
        ("cache verify a", []),
    ],
)
def test_tab_offers(line: str, first: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GNER_BENCH_HOME", str(tmp_path))
    assert offered(line) == first


def test_names_of_ones_own_catalogue_are_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN)
    assert offered(f"--catalog {path} predict --model GNER-m") == ["<dir>", "GNER-mine"]
    monkeypatch.setenv("GNER_BENCH_CATALOG", str(path))
    assert offered("predict --model GNER-m") == ["<dir>", "GNER-mine"]
    monkeypatch.setenv("GNER_BENCH_CATALOG", str(tmp_path / "none.toml"))
    assert offered("predict --model GNER-T5") == ["<dir>"]


def test_the_shell_asks_by_a_variable() -> None:
    asked = {"COMP_WORDS": "gner-bench score --metric st", "COMP_CWORD": "3", "_GNER_BENCH_COMPLETE": "bash_complete"}
    result = CliRunner().invoke(main, [], env=asked, prog_name="gner-bench")
    assert (result.exit_code, result.output) == (0, "plain,strict\n")
