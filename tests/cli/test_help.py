from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from gner_bench.cli import main


def helped(*command: str, width: int = 80) -> list[str]:
    result = CliRunner().invoke(main, [*command, "--help"], terminal_width=width)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


@pytest.mark.parametrize("group", [(), ("cache",)])
def test_what_a_command_does_is_said_in_a_line_that_is_not_cut(group: tuple[str, ...]) -> None:
    commands = main if not group else main.commands[group[0]]
    assert isinstance(commands, click.Group)
    lines = helped(*group)
    listed = lines[lines.index("Commands:") + 1 :]
    assert [line.split()[0] for line in listed] == sorted(commands.commands)  # a line each
    assert all(line.endswith(".") and not line.endswith("...") and len(line) <= 80 for line in listed)
    narrow = helped(*group, width=50)
    assert not any(line.endswith("...") for line in narrow[narrow.index("Commands:") :])


def sections(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each option with the title that it is below."""
    title = ""
    for line in lines:
        if line.endswith(":") and not line.startswith(" "):
            title = line.removesuffix(":")
        elif line.startswith("  -"):
            yield line.split()[0].rstrip(","), title


@pytest.mark.parametrize(
    ("verb", "where"),
    [
        ("predict", {"--data": "Sentences", "--num-beams": "Decoding", "--base-url": "Servers and batch files"}),
        ("predict", {"--columns": "Sentences", "--model": "System", "--backend": "System", "-h": "Other options"}),
        ("tag", {"--labels": "Text", "--adapter": "Checkpoints on this machine", "--jsonl": "Output"}),
        (
            "sensitivity",
            {"--orders": "What is varied", "--shots": "What is varied", "--out": "Output", "-h": "Other options"},
        ),
        ("score", {"--metric": "Scores", "--max-drop": "Gates for CI", "--gold": "Predictions and gold"}),
        (
            "report",
            {"--group": "Systems", "--style": "Tables and figures", "--tokenizer": "Scores of predictions"},
        ),
        ("report", {"--trained-on": "Scores of predictions", "--json": "Output"}),
        ("run", {"--export-config": "Configuration", "--dry-run": "Output", "--offline": "Other options"}),
        ("train", {"--data": "Data", "--report-to": "Output", "--dry-run": "Other options"}),
        ("compare", {"--common": "Systems", "--all-pairs": "Tests", "--format": "Output"}),
        ("merge", {"-h": "Options"}),
    ],
)
def test_help_has_each_option_once_in_its_section(verb: str, where: dict[str, str]) -> None:
    found = list(sections(helped(verb)))
    options = [name.split("/")[0] for name, _ in found]
    assert len(options) == len(set(options)) == sum(isinstance(p, click.Option) for p in main.commands[verb].params) + 1
    assert where.items() <= dict(found).items()
