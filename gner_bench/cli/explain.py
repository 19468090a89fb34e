"""``gner-bench explain``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import options as shared
from gner_bench.cli.command import Command
from gner_bench.messages import warn

if TYPE_CHECKING:
    from gner_bench.scoring.explain import Explanation
    from gner_bench.scoring.generations import Generations
    from gner_bench.scoring.samples import Ranked

WORST = 10
CLASSES = ("wrong_type", "wrong_boundary", "wrong_both", "missed", "spurious")
"""Those of gner_bench.scoring.errors but ``correct``; reading them there would slow down --help."""


@click.command("explain", cls=Command)
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
@shared.tokenizer
@shared.answers
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def explain_command(
    runs: tuple[Path, ...],
    names: tuple[str, ...],
    worst: int | None,
    classes: tuple[str, ...],
    tokenizer: tuple[str, ...],
    answers: Any,
    as_json: bool,
) -> None:
    """Show how a generated text became tags and what was counted.

    RUN is the folder of a run or a predictions.jsonl (or .jsonl.gz). Of several, each sentence is shown as each of them
    has it.

    \b
    Examples:
      gner-bench explain prediction_results/base --worst 5 --class missed
      gner-bench explain prediction_results/base --sample crossner_ai/17
    """
    if names and (worst or classes):
        raise click.UsageError("--sample shows sentences, --worst and --class look for some; use one or the other")
    from gner_bench.scoring.explain import document, explain
    from gner_bench.scoring.generations import load_generations
    from gner_bench.scoring.samples import find_samples, worst_samples
    from gner_bench.scoring.tokenizers import Tokenizers, read_tokenizers

    tokenizers = read_tokenizers(tokenizer)
    tokenizers.require_known(runs)
    alone = len(runs) == 1
    systems = [load_generations([run], Tokenizers(tokenizers.of(run, alone)), rule=answers) for run in runs]
    by_name = _named(systems)
    explained: dict[str, list[tuple[str, Explanation]]] = {sample: [] for sample in names}
    ranked: dict[str, list[Ranked]] = {}
    for title, system in by_name.items():
        if names:
            for sample, sentences in find_samples(system, names).items():
                explained[sample] += [(title, explain(sentence, system.back_tokenizer)) for sentence in sentences]
        else:
            ranked[title] = worst_samples(system, worst or WORST, classes)
    for warning in dict.fromkeys(warning for system in systems for warning in system.origin.warnings):
        warn(warning)
    if as_json and names:
        samples = []
        for sample, systems_of in explained.items():
            told = [{"system": title} | document(explanation) for title, explanation in systems_of]
            samples.append({"sample": sample, "systems": told})
        shared.print_json({"samples": samples})
    elif as_json:
        shared.print_json({"worst": {title: [row.document() for row in rows] for title, rows in ranked.items()}})
    else:
        from gner_bench.report.render.terminal import show
        from gner_bench.report.views.sentence import WIDE, sentence_view, worst_view
        from gner_bench.terminal import console

        for sample, systems_of in explained.items():
            show(sentence_view(sample, systems_of, console().width < WIDE))
        show(part for title, rows in ranked.items() for part in worst_view(title, rows))


def _named(systems: Sequence[Generations]) -> dict[str, Generations]:
    """Systems by their names; those of one name are told apart by their files."""
    titles = [system.origin.system.name for system in systems]
    return {
        title if titles.count(title) == 1 else f"{title} ({system.origin.files[0]})": system
        for title, system in zip(titles, systems, strict=True)
    }
