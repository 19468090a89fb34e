"""``gner-bench explain``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gner_bench.cli import options as shared

if TYPE_CHECKING:
    from gner_bench.records import Json
    from gner_bench.scoring.explain import Explanation
    from gner_bench.scoring.generations import Generations

WORST = 10
CLASSES = ("wrong_type", "wrong_boundary", "wrong_both", "missed", "spurious")
"""Those of gner_bench.scoring.errors but ``correct``; reading them there would slow down --help."""


@click.command("explain")
@click.argument("runs", nargs=-1, required=True, type=shared.PATH, metavar="RUN…")
@click.option(
    "--sample",
    "names",
    multiple=True,
    metavar="DATASET/ID",
    help="The sentence to explain, such as crossner_ai/17; may be repeated.",
)
@click.option(
    "--worst",
    type=click.IntRange(1),
    metavar="N",
    help=f"List the N sentences with the most errors instead.  [default without --sample: {WORST}]",
)
@click.option(
    "--class",
    "classes",
    multiple=True,
    type=click.Choice(CLASSES),
    help="Only errors of this class count for --worst; may be repeated.",
)
@click.option(
    "--tokenizer",
    metavar="PATH|none",
    help="Tokenizer of the checkpoint, as in `gner-bench score`; it is used for every RUN.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain_command(
    runs: tuple[Path, ...],
    names: tuple[str, ...],
    worst: int | None,
    classes: tuple[str, ...],
    tokenizer: str | None,
    as_json: bool,
) -> None:
    """Explain how the generated text of a sentence became tags, and what each metric counted.

    RUN is the folder of a run or a predictions.jsonl (or .jsonl.gz). Of several, each sentence is shown as each of them
    has it.

    \b
    Examples:
      gner-bench explain prediction_results/base --worst 5 --class missed
      gner-bench explain prediction_results/base --sample crossner_ai/17
    """
    if names and (worst or classes):
        raise click.UsageError("--sample shows sentences, --worst and --class look for some; use one or the other")
    from gner_bench.scoring.generations import load_generations

    systems = _named([load_generations([run], tokenizer) for run in runs])
    if names:
        _samples(systems, names, as_json)
    else:
        _worst(systems, worst or WORST, classes, as_json)


def _named(systems: Sequence[Generations]) -> dict[str, Generations]:
    """The systems by name, with their file where that is not enough to tell them apart."""
    names = [system.origin.system.name for system in systems]
    return {
        name if names.count(name) == 1 else f"{name} ({system.origin.files[0]})": system
        for name, system in zip(names, systems, strict=True)
    }


def _warn(systems: dict[str, Generations]) -> None:
    for warning in dict.fromkeys(warning for system in systems.values() for warning in system.origin.warnings):
        shared.tell(warning)


def _samples(systems: dict[str, Generations], names: Sequence[str], as_json: bool) -> None:
    from gner_bench.scoring.explain import document

    explained = _explained(systems, names)
    _warn(systems)
    if as_json:
        _print_json(
            {
                "samples": [
                    {"sample": name, "systems": [{"system": system} | document(each) for system, each in found]}
                    for name, found in explained.items()
                ]
            }
        )
        return
    from gner_bench.report.explain import print_sample
    from gner_bench.terminal import console

    for name, found in explained.items():
        print_sample(name, found, console())


def _explained(systems: dict[str, Generations], names: Sequence[str]) -> dict[str, list[tuple[str, Explanation]]]:
    """Each sentence as every system has it."""
    from gner_bench.scoring.explain import explain
    from gner_bench.scoring.samples import find_samples

    explained: dict[str, list[tuple[str, Explanation]]] = {name: [] for name in names}
    for system, predictions in systems.items():
        for name, found in find_samples(predictions, names).items():
            explained[name] += [(system, explain(sentence, predictions.back_tokenizer)) for sentence in found]
    return explained


def _worst(systems: dict[str, Generations], most: int, classes: Sequence[str], as_json: bool) -> None:
    from gner_bench.scoring.samples import worst_samples

    found = {name: worst_samples(predictions, most, classes) for name, predictions in systems.items()}
    _warn(systems)
    if as_json:
        _print_json({"worst": {name: [each.document() for each in ranked] for name, ranked in found.items()}})
        return
    from gner_bench.report.explain import print_worst
    from gner_bench.terminal import console

    for name, ranked in found.items():
        print_worst(name, ranked, console())


def _print_json(document: Json) -> None:
    from gner_bench.files import to_json

    click.echo(to_json(document))
