"""``gner-bench push``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gner_bench.cli import importing
from gner_bench.cli import options as shared
from gner_bench.cli.command import Command, section
from gner_bench.errors import UsageError
from gner_bench.messages import note

if TYPE_CHECKING:
    from gner_bench.publish import Publication
    from gner_bench.scoring.predictions import Predictions

RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")


@click.command("push", cls=Command)
@click.argument("file", type=shared.PATH, metavar="FILE")
@click.argument("destination", required=False, metavar="[DESTINATION]")
@section("Target")
@click.option("--to", "target", type=shared.TARGET, required=True, help="Where results go; see above.")
@click.option("--dry-run", is_flag=True, help="Only print the files that would be written; needs no network.")
@click.option("--pull-request", is_flag=True, help="On the hub, propose them, for a model that is not yours.")
@section("What every-eval-ever records")
@click.option("--model", default="", metavar="OWNER/NAME", help="Hub id of the model, where the scores do not say it.")
@click.option("--organization", default="", metavar="NAME", help="Who evaluated it.  [default: unknown]")
@click.option(
    "--relationship",
    type=click.Choice(RELATIONSHIPS),
    default="other",
    show_default=True,
    help="Of who evaluated the model to who made it.",
)
@importing.options
def push_command(
    file: Path,
    destination: str | None,
    target: str,
    dry_run: bool,
    pull_request: bool,
    model: str,
    organization: str,
    relationship: str,
    **read_as: Any,
) -> None:
    """Publish scores where others look for them.

    FILE is a scores.json, or the folder of a run or a predictions file, which is scored first. Each score goes with its
    interval and its signature, as the unrounded share of scores.json, whose scores must be those of its counts.

    --to hub: the page of a model, DESTINATION its OWNER/NAME: a file in .eval_results/ for each data set that is the
    hub's, word for word, and the model-index of README.md for all. The token is the one of `hf auth login` or HF_TOKEN.

    --to every-eval-ever: records of the schema of that name, below the folder DESTINATION, with a line for each
    sentence where the predictions that were scored are still there (to be read again with the options that they were
    scored with); or without, in one file DESTINATION.json.

    \b
    Examples:
      gner-bench push base.json me/my-model --to hub --dry-run
      gner-bench push base.json results --to every-eval-ever --model me/my-model
    """
    from gner_bench.publish import TARGETS

    chosen = TARGETS.get(target)
    destination = destination or chosen.default
    if not destination:
        raise UsageError(f"push --to {target} needs a destination: {chosen.destination}")
    if pull_request and target != "hub":
        raise UsageError("--pull-request is for --to hub")
    publication = _publication(file, read_as, model=model, organization=organization, relationship=relationship)
    files = chosen.files(publication, destination)
    if dry_run:
        texts = (f"# {name}\n{text}" for name, text in files.items())
        click.echo("\n".join(texts).encode("utf-8"), nl=False)
        return
    click.echo(chosen.put(files, destination, pull_request))


def _publication(file: Path, read_as: dict[str, Any], **about: str) -> Publication:
    """What is at ``file``. Predictions are scored as `score` does by default."""
    from gner_bench.api import score
    from gner_bench.documents.run import run_beside
    from gner_bench.documents.scores import Resampling, read_scores
    from gner_bench.publish import Publication
    from gner_bench.scoring.comparison import scores_file
    from gner_bench.scoring.counting import usable_processes
    from gner_bench.scoring.document import require_agreement, scores_document, scores_of

    scores = scores_file(file)
    if scores is None:
        predictions = importing.load((file,), None, **read_as)
        document = scores_document(score(predictions, processes=usable_processes()), Resampling())
        run = next(iter(predictions.origin.runs.values()), None)
        return Publication(document, run, predictions, **about)
    document = read_scores(scores)
    require_agreement(document, scores_of(document, scores), scores)
    found = None if document.runs else _predictions([Path(path) for path in document.files], read_as)
    return Publication(document, run_beside(scores), found, **about)


def _predictions(files: list[Path], read_as: dict[str, Any]) -> Predictions | None:
    """The predictions that were scored, None where one of their files is not here."""
    if missing := [str(path) for path in files if not path.is_file()]:
        note(f"no sentences: {missing[0]}, which was scored, is not here")
        return None
    return importing.load(files, None, **read_as) if files else None
