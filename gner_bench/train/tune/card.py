"""README.md of a fine-tuned checkpoint, in the form of model cards on the hub."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gner_bench import __version__
from gner_bench.fetch.locate import HUB_ID
from gner_bench.records import Json
from gner_bench.report.escape import markdown, one_line
from gner_bench.report.rounding import ROUNDING, printed
from gner_bench.train.tune.material import TrainingData
from gner_bench.train.tune.overlap import Overlap

if TYPE_CHECKING:
    from gner_bench.train.tune.result import Trained

TAGS = ["named-entity-recognition", "generative-ner", "gner", "token-classification"]


def card(trained: Trained, run: Json, scores: Json | None, recipe_text: str) -> str:
    """The whole card. ``scores`` is the scores.json of the chosen checkpoint, None without selection data."""
    parts = [
        _head(trained),
        _title(trained),
        _use(trained),
        _scores(trained, scores),
        _training_data(trained),
        _overlaps(trained),
        f"## Recipe\n\n{_fenced(recipe_text, 'toml')}",
        _made(run),
    ]
    return "\n\n".join(parts) + "\n"


def _head(trained: Trained) -> str:
    """The metadata; JSON strings are YAML strings."""
    source = trained.recipe.checkpoint
    lines = ["---", "library_name: transformers"]
    if HUB_ID.fullmatch(source) and trained.start.located.revision is not None:
        lines.append(f"base_model: {json.dumps(source)}")
    lines += ["tags:", *(f"- {tag}" for tag in TAGS), "---"]
    return "\n".join(lines)


def _title(trained: Trained) -> str:
    recipe, start = trained.recipe, trained.start
    revision = f" (revision {start.located.revision})" if start.located.revision else ""
    text = f"Fine-tuned from {markdown(recipe.checkpoint)}{revision} with gner-bench {__version__} for generative named"
    text += f" entity recognition (GNER, Ding et al. 2024). It writes the target `{recipe.target}`."
    note = f"\n\n{markdown(recipe.note)}" if recipe.note else ""
    return f"# {markdown(recipe.name)}\n\n{text}{note}"


def _use(trained: Trained) -> str:
    wrapping = "between `[INST]` and `[/INST]`" if trained.start.family.wrapping == "llama" else "as it is"
    command = "gner-bench predict --model THIS_FOLDER --datasets zero-shot --out DIR\ngner-bench score DIR"
    return f"## Use\n\nThe prompt is that of GNER, {wrapping}.\n\n{_fenced(command, 'sh')}"


def _scores(trained: Trained, scores: Json | None) -> str:
    if scores is None:
        return "## Scores\n\nNone: the recipe has no selection data. The weights are those after the last update."
    best, evaluated = trained.best, trained.evaluated
    assert best is not None
    rows = [_score_row(name, each) for name, each in scores["datasets"].items()]
    rows.append(["**mean**", "", *_figures(scores["average"])])
    table = _table(["set", "sentences", "precision", "recall", "F1", "strict F1"], rows)
    steps = ", ".join(f"{each.step}: {printed(100 * each.f1)}" for each in evaluated)
    return (
        "## Scores on the selection sets\n\n"
        "These sentences chose the checkpoint, so the figures are no test scores. The GNER metric unless it says"
        f" strict; {ROUNDING}\n\n{table}\n\n"
        f"The best of {len(evaluated)} evaluations by mean F1, after {best.step} of {trained.last_step} updates"
        f" (update: F1: {steps}). Signature:\n\n{_fenced(scores['signature'], '')}"
    )


def _score_row(name: str, each: Json) -> list[str]:
    return [f"{markdown(name)}/{markdown(each['split'])}", str(each["sentences"]), *_figures(each)]


def _figures(found: Json) -> list[str]:
    gner = [printed(100 * found["gner"][name]) for name in ("precision", "recall", "f1")]
    return [*gner, printed(100 * found["strict"]["f1"])]


def _training_data(trained: Trained) -> str:
    rows = [_data_row(data) for data in trained.material.training]
    table = _table(["set", "sentences", "most negative types", "repaired tags", "content hash"], rows)
    before = ", ".join(map(markdown, trained.start.training_sets))
    parts = [table, f"{trained.examples} examples in all."]
    parts += [f"{line}." for line in trained.cut.told()]
    parts += [_placement(data) for data in trained.material.training if data.placement]
    if before:
        parts.append(f"The checkpoint it started from was trained on {before}.")
    return "## Training data\n\n" + "\n\n".join(parts)


def _data_row(data: TrainingData) -> list[str]:
    dataset, limit = data.dataset, data.spec.negative_types
    return [
        f"{markdown(dataset.name)}/{markdown(dataset.split)}",
        str(len(dataset.sentences)),
        "all" if limit is None else str(limit),
        str(dataset.repaired),
        f"`{dataset.content_hash[:16]}`",
    ]


def _placement(data: TrainingData) -> str:
    found = data.placement
    assert found is not None
    return (
        f"{markdown(data.dataset.name)} lists mentions without places. Of those in the file, {found.found} were tagged"
        f" ({found.several} of them stand more than once in their passage: every occurrence was tagged);"
        f" {found.overlapping} overlap with a longer mention or one before, {found.conflicting} were listed under an"
        f" earlier type too and keep that one, and {found.missing} are not in the text: these three are not tagged."
    )


def _overlaps(trained: Trained) -> str:
    material = trained.material
    lines = [_trained_on(each) for each in material.training_overlaps]
    lines += [
        f"**selected on test sentences**, as the recipe allows: {markdown(str(each))}"
        for each in material.selection_overlaps
    ]
    if not lines:
        lines.append("none found, by words in lower case")
    if material.unchecked:
        lines.append(f"not checked, for want of the test sets: {', '.join(map(markdown, material.unchecked))}")
    return "## Overlap with test sets\n\n" + "\n".join(f"- {line}" for line in lines)


def _trained_on(each: Overlap) -> str:
    count, data = len(each.sentences), markdown(each.data)
    what = "sentence" if count == 1 else "sentences"
    return f"trained on {count} {what} of {data} that stand{'s' if count == 1 else ''} in {markdown(each.test)}/test"


def _made(run: Json) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    sessions = run["sessions"]
    devices = ", ".join(dict.fromkeys(f"{s['processes']} x {s['devices'][0]}" for s in sessions))
    seconds = sum(session.get("seconds", 0) for session in sessions)
    return (
        f"## How it was made\n\nOn {markdown(devices)} in {seconds / 3600:.2f} hours ({len(sessions)} session"
        f"{'s' if len(sessions) > 1 else ''}); seed {run['seed']}; {markdown(versions)}. More in `run.json`, the course"
        " of the loss in `log.jsonl`."
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _fenced(text: str, language: str) -> str:
    """A block of code; its fence is longer than any run of backticks in it."""
    clean = "\n".join(one_line(line) if _has_controls(line) else line for line in text.strip("\n").split("\n"))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", clean)), default=0))
    return f"{fence}{language}\n{clean}\n{fence}"


def _has_controls(line: str) -> bool:
    return one_line(line) != " ".join(line.split())
