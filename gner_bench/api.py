"""The Python interface: load predictions, score them, compare systems; parse, match and count single sentences.

Example::

    >>> from gner_bench import entities, match, parse_generation
    >>> pairs = parse_generation("did(O) george(B-actor) clooney(I-actor) make(O) a(O) musical(B-genre)")
    >>> words = "did george clooney make a musical".split()
    >>> matched = match(words, [word for word, _ in pairs], [label for _, label in pairs])
    >>> matched.step, entities(words, matched.tags)
    ('exact', [('george clooney', 'actor'), ('musical', 'genre')])
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path

from gner_bench.answers.answer import Rule
from gner_bench.answers.gner import parse_generation as parse_generation
from gner_bench.bio import Reading, lenient_spans
from gner_bench.data.sentence import Dataset
from gner_bench.documents.run import run_beside
from gner_bench.documents.scores import Resampling, read_scores
from gner_bench.files import NamedPath, named_path
from gner_bench.frames import to_frame as to_frame
from gner_bench.scoring.comparison import (
    Comparison,
    comparison,
    label_of,
    measured,
    read_measured,
    scores_file,
)
from gner_bench.scoring.counting import score as count
from gner_bench.scoring.counts import normalise
from gner_bench.scoring.document import scores_of
from gner_bench.scoring.gold import Gold
from gner_bench.scoring.groups import group as as_group
from gner_bench.scoring.groups import with_run
from gner_bench.scoring.loading import PREDICTIONS, Align, load_from
from gner_bench.scoring.metrics import DEFAULT, as_metric
from gner_bench.scoring.predictions import Predictions
from gner_bench.scoring.scores import Scores
from gner_bench.scoring.tokenizers import Given, read_tokenizers
from gner_bench.scoring.trials import TRIALS
from gner_bench.structure.matching import match as match


def entities(words: Sequence[str], tags: Sequence[str]) -> list[tuple[str, str]]:
    """The (text, type) pairs that the GNER metric counts in a tagged sentence: normalised, each once, in order.

    Tags may be illegal BIO, which is read leniently. Example::

        >>> entities(["See", "the", "Hague", "!"], ["O", "B-place", "I-place", "O"])
        [('hague', 'place')]
    """
    spans = lenient_spans(tags)
    return list(dict.fromkeys((normalise(" ".join(words[s:e])), normalise(kind)) for s, e, kind in spans))


def load_predictions(
    *paths: str | PathLike[str],
    tokenizer: Given = None,
    name: str | None = None,
    format: str = PREDICTIONS,
    gold: Gold | Sequence[Dataset] = (),
    rename: Mapping[str, str] | None = None,
    answers: Rule | None = None,
    clean_up_spaces: bool = False,
    align: Align = "words",
    predicted: Reading | None = None,
) -> Predictions:
    """The predictions of files (predictions.jsonl, .jsonl.gz) or run folders, together one system.

    ``tokenizer`` is the checkpoint's, for back-tokenization: a path or ``"none"``; of several files it is that of those
    beside which none lies, and a list may hold such and ``"NAME=PATH"`` for one of them. None is the one beside each
    file or, where none is, beside the first. ``clean_up_spaces`` back-tokenizes as GNER's own evaluation did. ``name``
    replaces the system's. Sentences are read when they are iterated over, then InputError names file, line and field of
    what is unusable; an unreadable tokenizer or run.json raises it here.

    Files of another ``format`` (see `gner-bench list formats` and `list answers`) are read here and placed on the words
    of ``gold``; ``rename`` names their types and ``predicted`` says how columns, tags and keys are read;
    ``align="position"`` takes sentences of other words where they have as many of them as the gold. For
    predictions.jsonl, ``gold`` replaces the tags in the file (see ``with_gold``). ``answers`` is ``"raw"``, which reads
    answers as they are, or ``"mended"`` (see gner_bench.answers.front); by default the text of GNER is read raw and all
    else mended.
    """
    files = [Path(path) for path in paths]
    tokenizers = read_tokenizers(tokenizer, clean_up_spaces)
    return load_from(files, format, gold or Gold(), rename or {}, tokenizers, name, answers, align, predicted)


def score(
    predictions: Predictions | str | PathLike[str], metrics: Sequence[str] = DEFAULT, processes: int = 1
) -> Scores:
    """Count ``predictions`` (or those of a file or run folder) by ``metrics``.

    Large files are counted by as many ``processes``, forked from this one, which must have no threads at work then;
    the scores are the same. Raises InputError for unusable predictions and UsageError for an unknown metric.
    """
    given = load_predictions(predictions) if isinstance(predictions, str | PathLike) else predictions
    return count(given, [as_metric(metric) for metric in metrics], processes)


def group(
    runs: Sequence[Scores | str | PathLike[str]],
    name: str,
    metrics: Sequence[str] = DEFAULT,
    *,
    tokenizer: Given = None,
    processes: int = 1,
    answers: Rule | None = None,
    clean_up_spaces: bool = False,
) -> Scores:
    """Several ``runs`` of one system (seeds, or checkpoints of one recipe) as one system, called ``name``.

    A run is its Scores, a scores.json, a predictions file or a run folder. F1 is the mean over runs, its interval is
    over sentences and runs (docs/protocol.md); ``runs`` of what is returned are those of each. One run alone is itself.
    All else is as in ``compare``. Raises UsageError for runs on other sentences or by other metrics.
    """
    spaces, given, scored = clean_up_spaces, read_tokenizers(tokenizer), []
    for run in runs:
        if isinstance(run, Scores):
            scored.append(run)
        elif file := scores_file(Path(run)):
            scored.append(with_run(scores_of(read_scores(file), file), run_beside(file)))
        else:
            found = given.of(Path(run), name=name)
            predictions = load_predictions(run, tokenizer=found, answers=answers, clean_up_spaces=spaces)
            scored.append(score(predictions, metrics, processes))
    return as_group(scored, name)


def compare(
    first: Scores | NamedPath | str | PathLike[str],
    second: Scores | NamedPath | str | PathLike[str],
    *more: Scores | NamedPath | str | PathLike[str],
    metric: str | Sequence[str] | None = None,
    resamples: int = TRIALS,
    seed: int = 0,
    tokenizer: Given = None,
    processes: int = 1,
    answers: Rule | None = None,
    clean_up_spaces: bool = False,
    common: bool = False,
    all_pairs: bool = False,
) -> Comparison:
    """Compare each system with the ``first``, or ``all_pairs``, on the same sentences: paired intervals and tests.

    A system is its Scores (also those of a ``group``), a scores.json, a predictions file or a run folder, these three
    also as ``"NAME=PATH"``, by which results call it NAME. ``metric`` None are the usual metrics that all were scored
    by; ``tokenizer`` is for prediction files beside which none lies, in a list also ``NAME=PATH``
    for one system (its path, folder or model); ``answers``, ``clean_up_spaces`` and ``processes`` are as in
    ``load_predictions`` and ``score``; ``common`` compares on the sentences that all systems have. Raises UsageError
    for sentences or gold that differ, an unknown metric, one that a system lacks or that has no test, and InputError
    for an unusable file.
    """
    names = [metric] if isinstance(metric, str) else list(metric or ())
    metrics = [as_metric(name) for name in names]
    given = read_tokenizers(tokenizer)
    all_given = (first, second, *more)
    sources = [one if isinstance(one, Scores | NamedPath) else named_path(fspath(one)) for one in all_given]
    given.require_known([source for source in sources if isinstance(source, NamedPath)])
    systems = []
    for index, source in enumerate(sources):
        label = label_of(index)
        if isinstance(source, Scores):
            systems.append(measured(label, source))
            continue
        path, name = source.path, source.name
        if scored := scores_file(path):
            system = read_measured(label, scored)
        else:
            tokenizer = given.of(path, name=name)
            spaces = clean_up_spaces
            predictions = load_predictions(path, tokenizer=tokenizer, answers=answers, clean_up_spaces=spaces)
            system = measured(label, score(predictions, metrics or DEFAULT, processes))
        systems.append(system.renamed(name) if name else system)
    return comparison(systems, metrics or None, Resampling(resamples, seed), common, all_pairs)
