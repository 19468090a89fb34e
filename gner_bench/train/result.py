"""The folder of a finished fine-tuning: a checkpoint that predict and transformers take as it is, its record, its model
card (README.md), and its upload to the Hugging Face hub."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import prod
from pathlib import Path

from safetensors import SafetensorError

from gner_bench import __version__
from gner_bench.documents.fields import Json, read_object
from gner_bench.errors import GnerBenchError, InputError, UsageError, short
from gner_bench.fetch import home
from gner_bench.fetch.checkpoint import HUB_ID
from gner_bench.fetch.hub import hub_errors, told
from gner_bench.files import write_atomic, write_json
from gner_bench.messages import markdown, one_line
from gner_bench.number_text import decimal, rounding
from gner_bench.predict.folder import HASHED
from gner_bench.predict.loading import file_hashes
from gner_bench.train import state as states
from gner_bench.train.prepare import Prepared
from gner_bench.train.start import load_saved, weights_in

RECIPE, LOG, RUN, SCORES, DONE = "recipe.toml", "log.jsonl", "run.json", "selection_scores.json", "training.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "spiece.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template.jinja",
)
DTYPE_NAMES = {"F32": "float32", "BF16": "bfloat16", "F16": "float16"}
TAGS = ["named-entity-recognition", "generative-ner", "gner", "token-classification"]
NOT_PUSHED = ["state/*", "tensorboard/*", ".*"]


@dataclass(frozen=True)
class Trained:
    """A training that has come to its end. ``state`` is the folder of its checkpoints; the result are the weights of
    ``best_step``, the best by evaluation, or the last without any."""

    prepared: Prepared
    state: Path
    last_step: int
    evaluations: list[states.Evaluation]
    best: states.Evaluation | None
    best_step: int


def write_result(trained: Trained, out: Path) -> None:
    """Write weights, configuration, tokenizer and generation settings to ``out``; the state folder stays.

    The files of the best weights get a second name, or are copied where the disk has no links; each has its final name
    only when whole. Raises GnerBenchError when something cannot be written.
    """
    recipe, start = trained.prepared.recipe, trained.prepared.start
    folder = trained.state / f"checkpoint-{trained.best_step}"
    try:
        if recipe.lora is not None:
            merged = trained.state / "merged"
            shutil.rmtree(merged, ignore_errors=True)
            load_saved(start, recipe, folder).save_pretrained(merged)
            folder = merged
        sources = sorted({*folder.glob("*.safetensors"), *folder.glob("*.safetensors.index.json")})
        if not sources:
            raise InputError(folder, "holds no weights (no *.safetensors file)")
        for source in sources:
            aside = out / f".{source.name}.tmp"
            aside.unlink(missing_ok=True)
            try:
                os.link(source, aside)
            except OSError:
                shutil.copyfile(source, aside)
            shutil.copymode(out / RECIPE, aside)  # safetensors makes files that only their owner can read
            aside.replace(out / source.name)
            aside.unlink(missing_ok=True)  # where both were names of one file, replacing does nothing
        # As the starting checkpoint has it, not as transformers would write it anew: that calls every T5 tied.
        config = json.loads((start.folder / "config.json").read_text(encoding="utf-8"))
        config.pop("torch_dtype", None)
        counts: Counter[str] = Counter()
        for dtype, shape in weights_in(out).values():
            counts[DTYPE_NAMES.get(dtype, "float32")] += prod(shape)
        write_json(out / "config.json", config | {"dtype": max(counts, key=lambda dtype: counts[dtype])})
        # Byte for byte, so that signatures name the same tokenizer.
        for name in ("generation_config.json", *TOKENIZER_FILES):
            if (start.folder / name).is_file():
                write_atomic(out / name, (start.folder / name).read_bytes())
    except (OSError, RuntimeError, SafetensorError) as error:
        why = states.reason(error, out)
        raise GnerBenchError(f"{out}: the result cannot be saved ({why}); the same command tries again") from None


def finish(trained: Trained, out: Path, session: Json) -> None:
    """Write the scores of the best checkpoint, run.json, the model card and, last of all, training.json, by which
    predict and score warn where a score is not zero-shot; then remove the state folder."""
    prepared, data, best, scores = trained.prepared, trained.prepared.data, trained.best, None
    if best:
        file = trained.state / states.SCORES.format(step=best.step)
        scores = json.loads(file.read_text(encoding="utf-8"))
        write_json(out / SCORES, scores)
    recipe, training, selection = prepared.recipe, {}, {}
    for part in data.training:
        training[part.name] = {
            "sentences": len(part.dataset.sentences),
            "content_hash": part.dataset.content_hash,
            "source": part.dataset.source,
            "repaired_tags": part.dataset.repaired,
            "mentions": asdict(part.placement) if part.placement else None,
        }
    for dataset in data.selection:
        facts = {"sentences": len(dataset.sentences), "content_hash": dataset.content_hash}
        selection[f"{dataset.name}/{dataset.split}"] = facts
    run = read_run(out)
    run |= {
        "sessions": [*run.get("sessions", [])[:-1], session],
        "started_from": file_hashes(prepared.start.folder, HASHED),
        "examples": {"trained_on": len(prepared.examples), **asdict(prepared.cut)},
        "data": {
            "training": training,
            "selection": selection,
            "training_in_test": [asdict(overlap) for overlap in data.training_overlaps],
            "selection_in_test": [asdict(overlap) for overlap in data.selection_overlaps],
            "tests_not_there": list(data.unchecked),
        },
        "steps": trained.last_step,
        "best": asdict(best) if best else None,
        "evaluations": [asdict(evaluation) for evaluation in trained.evaluations],
        "status": "done",
    }
    write_json(out / RUN, run)
    write_atomic(out / "README.md", card(trained, run, scores, (out / RECIPE).read_text(encoding="utf-8")))
    inherited = {name: {"trained_before_as": recipe.checkpoint} for name in prepared.start.training_sets}
    own = {part.name: {"sentences": len(part.dataset.sentences)} for part in data.training}
    about = {"name": recipe.name, "note": recipe.note, "target": recipe.target}
    write_json(out / DONE, {**about, "training_sets": {**inherited, **own}, "steps": trained.best_step})
    shutil.rmtree(trained.state, ignore_errors=True)


def read_run(out: Path) -> Json:
    """The run.json of ``out``, empty where there is none. Raises InputError when it is not one."""
    path = out / RUN
    try:
        run = read_object(path).value if path.is_file() else {}
        if isinstance(run.get("sessions", []), list):
            return run
    except InputError:
        pass
    raise InputError(path, "is not the run.json of a training; choose another --out")


def card(trained: Trained, run: Json, scores: Json | None, recipe_text: str) -> str:
    """The whole card. ``scores`` is the scores.json of the chosen checkpoint, None without selection data."""
    recipe, start = trained.prepared.recipe, trained.prepared.start
    # The metadata are YAML, of which JSON strings are strings.
    lines = ["---", "library_name: transformers"]
    if HUB_ID.fullmatch(recipe.checkpoint) and start.revision is not None:
        lines.append(f"base_model: {json.dumps(recipe.checkpoint)}")
    metadata = "\n".join([*lines, "tags:", *(f"- {tag}" for tag in TAGS), "---"])
    source = markdown(recipe.checkpoint) + (f" (revision {start.revision})" if start.revision else "")
    note = f"\n\n{markdown(recipe.note)}" if recipe.note else ""
    wrapping = "between `[INST]` and `[/INST]`" if start.wrapping == "inst" else "as it is"
    command = "gner-bench predict --model THIS_FOLDER --datasets zero-shot --out DIR\ngner-bench score DIR"
    sessions = run["sessions"]
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    devices = ", ".join(dict.fromkeys(f"{s['processes']} x {s['devices'][0]}" for s in sessions))
    hours = sum(session.get("seconds", 0) for session in sessions) / 3600
    sections = [
        metadata,
        f"# {markdown(recipe.name)}",
        f"Fine-tuned from {source} with gner-bench {__version__} for generative named entity recognition (GNER, Ding et"
        f" al. 2024). It writes the target `{recipe.target}`.{note}",
        f"## Use\n\nThe prompt is that of GNER, {wrapping}.\n\n{_fenced(command, 'sh')}",
        _scores(trained, scores),
        *_data(trained),
        f"## Recipe\n\n{_fenced(recipe_text, 'toml')}",
        f"## How it was made\n\nOn {markdown(devices)} in {hours:.2f} hours ({len(sessions)} session"
        f"{'s' if len(sessions) > 1 else ''}); seed {run['seed']}; {markdown(versions)}. More in `run.json`, the loss"
        " of the logged updates in `log.jsonl`.",
    ]
    return "\n\n".join(sections) + "\n"


def _scores(trained: Trained, scores: Json | None) -> str:
    if scores is None:
        return "## Scores\n\nNone: the recipe has no selection data. The weights are those after the last update."
    best, evaluations = trained.best, trained.evaluations
    assert best is not None
    rows = []
    for name, values in [*scores["datasets"].items(), (None, scores["average"])]:
        row = ["**mean**", ""]
        if name is not None:
            row = [f"{markdown(name)}/{markdown(values['split'])}", str(values["sentences"])]
        shares = [values["gner"][part] for part in ("precision", "recall", "f1")] + [values["strict"]["f1"]]
        rows.append(row + [decimal(100 * share) for share in shares])
    table = _table(["set", "sentences", "precision", "recall", "F1", "strict F1"], rows)
    steps = ", ".join(f"{evaluation.step}: {decimal(100 * evaluation.f1)}" for evaluation in evaluations)
    return (
        "## Scores on the selection sets\n\n"
        "These sentences chose the checkpoint, so these are not test scores. The GNER metric unless it says"
        f" strict; {rounding()}\n\n{table}\n\n"
        f"The best of {len(evaluations)} evaluations by mean F1, after {best.step} of {trained.last_step} updates"
        f" (update: F1: {steps}). Signature:\n\n{_fenced(scores['signature'], '')}"
    )


def _data(trained: Trained) -> list[str]:
    """The parts about training data and about their overlap with test sets."""
    prepared, data, rows, placements = trained.prepared, trained.prepared.data, [], []
    for part in data.training:
        dataset, limit, counts = part.dataset, part.spec.negative_types, part.placement
        name = f"{markdown(dataset.name)}/{markdown(dataset.split)}"
        types = "all" if limit is None else str(limit)
        rows.append([name, str(len(dataset.sentences)), types, str(dataset.repaired), f"`{dataset.content_hash[:16]}`"])
        if counts is not None:
            placements.append(
                f"{markdown(dataset.name)} lists mentions without places. Of those in the file, {counts.found}"
                f" were tagged ({counts.several} of them occur more than once in their passage: every occurrence was"
                f" tagged); {counts.overlapping} overlap with a longer mention or one before, {counts.conflicting} were"
                f" listed under an earlier type too and keep that one, and {counts.missing} are not in the text: these"
                " three are not tagged."
            )
    table = _table(["set", "sentences", "most negative types", "repaired tags", "content hash"], rows)
    cut = [f"{line}." for line in prepared.cut.lines()]
    parts = ["## Training data", table, f"{len(prepared.examples)} examples in all.", *cut, *placements]
    if before := ", ".join(map(markdown, prepared.start.training_sets)):
        parts.append(f"The checkpoint it started from was trained on {before}.")
    lines = []
    for overlap in data.training_overlaps:
        noun, verb = ("sentence", "is") if len(overlap.sentences) == 1 else ("sentences", "are")
        names = f"{markdown(overlap.data)} that {verb} in {markdown(overlap.test)}/test"
        lines.append(f"trained on {len(overlap.sentences)} {noun} of {names}")
    for overlap in data.selection_overlaps:
        lines.append(f"**selected on test sentences**, as the recipe allows: {markdown(str(overlap))}")
    lines = lines or ["none found, by words in lower case"]
    if data.unchecked:
        names = ", ".join(map(markdown, data.unchecked))
        lines.append(f"not checked, because the test sets were not there: {names}")
    return [*parts, "## Overlap with test sets", "\n".join(f"- {line}" for line in lines)]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _fenced(text: str, language: str) -> str:
    """A block of code; its fence is longer than any run of backticks in it, and its lines hold no control characters
    (``one_line`` replaces them, and joins words by single spaces: lines without any keep their indentation)."""
    lines = text.strip("\n").split("\n")
    clean = "\n".join(line if one_line(line) == " ".join(line.split()) else one_line(line) for line in lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", clean)), default=0))
    return f"{fence}{language}\n{clean}\n{fence}"


def require_repository(repository: str) -> None:
    """Raise UsageError for a name that is no repository, and when the network is switched off."""
    if HUB_ID.fullmatch(repository) is None:
        raise UsageError(f"--push-to-hub {short(repository)}: expected OWNER/NAME")
    if home.offline(False):
        raise UsageError("--push-to-hub needs the network, which is switched off")


def push(folder: Path, repository: str) -> str:
    """Upload a checkpoint folder and return its address; the repository is made, private, if it is not there.

    Raises GnerBenchError when the hub refuses or cannot be reached; the folder is as it was.
    """
    from huggingface_hub import HfApi

    try:
        api = HfApi()
        api.create_repo(repository, private=True, exist_ok=True)
        commit = f"Upload {folder.name} with gner-bench"
        api.upload_folder(repo_id=repository, folder_path=folder, ignore_patterns=NOT_PUSHED, commit_message=commit)
    except hub_errors() as error:
        message = f"--push-to-hub {repository}: {told(error)}; the checkpoint is in {folder}"
        raise GnerBenchError(message) from None
    return f"https://huggingface.co/{repository}"
