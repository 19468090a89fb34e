"""Whether files of predictions hold the sentences that the run.json beside each describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from gner_bench.data.sentence import ContentHash
from gner_bench.documents.run import VERSION, Run
from gner_bench.errors import IntegrityError
from gner_bench.scoring.gold import NO_SPLIT
from gner_bench.scoring.predictions import Prediction, Predictions, SetKey

Contents = Mapping[SetKey, Mapping[Path, ContentHash]]
"""What was read of each data set from each file."""


def require_described(runs: Mapping[Path, Run], contents: Contents) -> None:
    """Raise IntegrityError for a data set with other words, gold or sentences than the run.json beside its file says.

    ``runs`` are those of the files that have one. A set of which sentences are missing has no hash to compare with:
    that it is incomplete is said elsewhere. The files of shards, each with the hash of all, are taken together.
    """
    together: dict[object, list[Path]] = {}
    for file, run in runs.items():
        hashes = tuple((name, data.content_hash) for name, data in run.datasets.items())
        together.setdefault(hashes if "shard" in run.selection else file, []).append(file)
    for files in together.values():
        described, where = runs[files[0]].datasets, " and ".join(map(str, files))
        for (name, split), by_file in contents.items() if described else ():
            parts = [by_file[file] for file in files if file in by_file]
            if not parts:
                continue
            whole = ContentHash()
            for part in parts:
                whole.extend(part)
            data = described.get(name)
            if data is None:
                _refuse(where, f"holds the data set {name}, which run.json does not name")
            # Files of version 1 have hashes of two kinds, of which one was of the sentences in order.
            if not data.content_hash or runs[files[0]].version < VERSION or whole.sentences < data.sentences:
                continue
            if split not in (NO_SPLIT, data.split or split):
                _refuse(where, f"{name} is of the split {split}, in run.json {data.split}")
            if data.sentences and whole.sentences > data.sentences:
                _refuse(where, f"holds {whole.sentences} sentences of {name}, run.json describes {data.sentences}")
            if (content := whole.hexdigest()) != data.content_hash:
                difference = f"content hash {content[:8]}, in run.json {data.content_hash[:8]}"
                _refuse(where, f"words or gold tags of {name}/{split} are not those of the run ({difference})")


def _refuse(where: str, what: str) -> NoReturn:
    raise IntegrityError(
        f"{where}: {what}; the predict command of the run, given again, renews gold that was corrected in the data;"
        " --gold scores against other gold"
    )


def read_described(predictions: Predictions) -> Iterator[Prediction]:
    """Every sentence; at the end, raises what ``require_described`` does."""
    contents: dict[SetKey, dict[Path, ContentHash]] = {}
    for sentence in predictions:
        by_file = contents.setdefault((sentence.dataset, sentence.split), {})
        by_file.setdefault(sentence.file, ContentHash()).add(sentence.words, sentence.gold)
        yield sentence
    require_described(predictions.origin.runs, contents)
