"""Scoring files as a user names them: run folders, the tokenizer beside them, and what their run.json says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.catalog import catalog
from gner_bench.catalog.problems import problem_warning
from gner_bench.errors import IncompleteError, InputError
from gner_bench.scoring.evaluate import System, evaluate
from gner_bench.structure import BackTokenizer, load_back_tokenizer
from gner_bench.structure.back_tokenizer import tokenizer_file

PREDICTIONS = ("predictions.jsonl", "predictions.jsonl.gz")


@dataclass(frozen=True)
class ScoredRun:
    """The document of scores.json, what a reader must be warned of, and the sentences that the runs still lack."""

    document: dict[str, Any]
    warnings: list[str]
    missing: int

    def require_complete(self) -> None:
        """Raise IncompleteError when sentences are missing."""
        if self.missing:
            raise IncompleteError(f"{self.missing} sentences of the run are missing; run predict again to add them")


def score_run(paths: Sequence[Path], tokenizer: str | None = None, name: str | None = None) -> ScoredRun:
    """Score prediction files or run folders as one system.

    ``tokenizer`` is a path, ``none``, or None for the one beside the first file. Raises InputError.
    """
    files = [_predictions(path) for path in paths]
    abouts = [_about(file.parent / "run.json") for file in files if file.name in PREDICTIONS]
    back_tokenizer = _back_tokenizer(files[0], tokenizer)
    decodings = {about.decoding for about in abouts} if len(abouts) == len(files) else {"unknown"}
    document = evaluate(files, back_tokenizer, _system(files[0], abouts, name), "+".join(sorted(decodings)))
    scored = sum(part["sentences"] for part in document["datasets"].values())
    planned = sum(about.sentences for about in abouts) if len(abouts) == len(files) else 0
    missing = max(0, planned - scored)
    warnings = [line for about in abouts for line in about.partial]
    return ScoredRun(document, warnings + _warnings(document, back_tokenizer, tokenizer, missing), missing)


def _predictions(path: Path) -> Path:
    if not path.is_dir():
        return path
    return next((path / name for name in PREDICTIONS if (path / name).exists()), path / PREDICTIONS[0])


@dataclass(frozen=True)
class _About:
    """What a run.json says of its run; zero ``sentences`` where there is none. ``partial`` names cut data sets.

    ``decoding`` is ``greedy`` for drafted decoding too, whose outputs are the same; a beam search names its beams.
    """

    system: System | None = None
    sentences: int = 0
    partial: tuple[str, ...] = ()
    decoding: str = "unknown"


def _about(path: Path) -> _About:
    if not path.is_file():
        return _About()
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
        model = run.get("model", {})
        name, parameters, note = model.get("name", ""), model.get("parameters"), model.get("note", "")
        sentences = run.get("sentences", 0)
        partial = tuple(_partial(run.get("datasets", {})))
        decoding = _decoding(run.get("settings", {}))
    except (OSError, ValueError):
        raise InputError(path, "is not JSON") from None
    except AttributeError:
        raise InputError(path, "is not the run.json of a run") from None
    _require(path, "model.name", name, str)
    _require(path, "model.note", note, str)
    _require(path, "model.parameters", parameters or 0, int)
    _require(path, "sentences", sentences, int)
    return _About(System(name, parameters, note) if name else None, sentences, partial, decoding)


def _decoding(settings: dict[str, Any]) -> str:
    found = settings.get("decoding", "unknown")
    return {"drafted": "greedy", "beam": f"beam{settings.get('num_beams')}"}.get(found, str(found))


def _partial(datasets: dict[str, dict[str, Any]]) -> Iterator[str]:
    """The data sets of a run.json of which not every sentence was selected."""
    for name, each in datasets.items():
        taken, of = each.get("sentences"), each.get("sentences_in_data")
        if taken != of is not None:
            yield f"only {taken} of {of} sentences of {name} were selected"


def _require(path: Path, field: str, value: object, kind: type) -> None:
    if type(value) is not kind:
        raise InputError(path, f"expected {kind.__name__}, found {type(value).__name__}", field=field)


def _back_tokenizer(file: Path, choice: str | None) -> BackTokenizer | None:
    if choice == "none":
        return None
    if choice is not None:
        return load_back_tokenizer(Path(choice))
    beside = tokenizer_file(file.parent)
    return load_back_tokenizer(beside) if beside else None


def _system(file: Path, abouts: Sequence[_About], name: str | None) -> System:
    ran = next((about.system for about in abouts if about.system), System(file.name.split(".jsonl")[0]))
    chosen = name or ran.name
    known = catalog().find_model(chosen)
    return System(chosen, ran.parameters or (known.parameters if known else None), ran.note)


def _warnings(
    document: dict[str, Any], back_tokenizer: BackTokenizer | None, choice: str | None, missing: int
) -> list[str]:
    warnings = []
    if back_tokenizer is None and choice is None:
        warnings.append("scored without back-tokenization; published GNER-T5 scores use it (--tokenizer PATH)")
    counts = {name: part["structuring"] for name, part in document["datasets"].items()}
    for key, what in {
        "gold_outside_types": "gold tags have a type that label_list lacks",
        "cut_outputs": "outputs were cut at the length limit",
        "cut_inputs": "prompts were cut at the length limit",
    }.items():
        warnings += [f"{name}: {found[key]} {what}" for name, found in counts.items() if found.get(key)]
    problems = {f"{name}/{part['split']}": part["problems"] for name, part in document["datasets"].items()}
    warnings += filter(None, [problem_warning(problems)])
    if missing:
        warnings.append(f"incomplete: {missing} sentences of the run are missing from these figures")
    return warnings
