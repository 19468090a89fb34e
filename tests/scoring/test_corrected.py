"""Scores against original and corrected gold, and errors where the gold conflicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from gner_bench.api import score
from gner_bench.cli import main
from gner_bench.data import Dataset, Sentence, read_dataset
from gner_bench.documents.scores import Resampling, System
from gner_bench.errors import UsageError
from gner_bench.report.render import csv
from gner_bench.report.views.corrected import corrected_grids
from gner_bench.scoring.corrected import against_corrected
from gner_bench.scoring.loading import InMemory
from gner_bench.scoring.predictions import Origin, Prediction

WORDS = ("Ann", "saw", "Oslo")
RIGHT, NO_PLACE, WRONG = ("B-person", "O", "B-place"), ("B-person", "O", "O"), ("B-place", "O", "B-place")


def predictions(*rows: tuple[tuple[str, ...], tuple[str, ...]], words: tuple[str, ...] = WORDS) -> InMemory:
    """A sentence for each pair of gold and predicted tags."""
    sentences = [
        Prediction("news", "test", str(i), ("person", "place"), words, gold, predicted)
        for i, (gold, predicted) in enumerate(rows)
    ]
    return InMemory(Origin((), System("tagger")), tuple(sentences))


def gold(*tags: tuple[str, ...]) -> list[Dataset]:
    sentences = tuple(Sentence(str(i), WORDS, of) for i, of in enumerate(tags))
    return [Dataset("news", "test", ("person", "place"), sentences)]


def test_f1_by_hand_against_both_golds() -> None:
    """Predicted are 2, 2 and 2 entities. Original gold: 2, 1 and 2 entities, of which 2, 1 and 1 are right: 2·4/(6+5).
    The corrected gold of sentence 1 has the place, too: 5 right of 6 and 6."""
    own = predictions((RIGHT, RIGHT), (NO_PLACE, RIGHT), (RIGHT, WRONG))
    compared = against_corrected(own, gold(RIGHT, RIGHT, RIGHT), ["strict"], Resampling(200))
    (name, moved), (_, mean) = compared.moved["strict"]
    assert (name, moved.original, moved.corrected) == ("news", pytest.approx(8 / 11), pytest.approx(10 / 12))
    assert moved.difference == pytest.approx(10 / 12 - 8 / 11)
    assert mean == moved
    lines = csv.render(corrected_grids(compared)[:-1]).splitlines()
    assert lines[0] == "system,metric,scope,dataset,original,corrected,difference,low,high"
    assert lines[1].startswith("tagger,strict,set,news,0.727272727272727")
    assert lines[2].startswith("tagger,strict,mean,mean,0.727272727272727")
    # Only sentence 1 moves, by (2/3 to 1): a resample without it does not move.
    assert moved.interval[0] == 0 < moved.interval[1]
    part = compared.changed["news"]
    assert (part.ids, part.sentences) == (("1",), 3)
    assert part.f1_changed == (pytest.approx(2 / 3), 1)
    assert part.f1_others == pytest.approx(3 / 4)
    # Spurious Oslo, and Ann as a place: two errors, one in the changed sentence.
    assert (part.errors, part.errors_changed, part.errors_corrected) == (2, 1, 1)


def test_the_same_gold_moves_nothing() -> None:
    own = predictions((RIGHT, WRONG), (NO_PLACE, RIGHT))
    compared = against_corrected(own, gold(RIGHT, NO_PLACE), ["gner"], Resampling(50))
    assert {moved.difference for _, moved in compared.moved["gner"]} == {0}
    assert compared.changed["news"].ids == ()
    assert compared.changed["news"].f1_changed is None


def test_gold_of_other_data_is_refused() -> None:
    other = [Dataset("films", "test", (), ())]
    with pytest.raises(UsageError, match="no prediction is of a data set of the gold"):
        against_corrected(predictions((RIGHT, RIGHT)), other, ["gner"], Resampling(50))


def test_errors_where_the_gold_conflicts() -> None:
    """Sentences 0 and 1 have the same words and other gold, and one error; sentence 2 is of other words."""
    own = predictions((RIGHT, RIGHT), (NO_PLACE, RIGHT))
    (other,) = predictions((RIGHT, WRONG), words=("Bob", "saw", "Rome")).sentences
    together = InMemory(own.origin, (*own.sentences, replace(other, id="2")))
    errors = score(together, ["strict"])["news"].analysis.errors
    assert errors is not None
    assert errors.conflicting is not None
    assert (errors.conflicting.sentences, errors.conflicting.errors) == (2, 1)
    same = score(predictions((RIGHT, RIGHT), (RIGHT, WRONG)), ["strict"])["news"].analysis.errors
    assert same is not None
    assert same.conflicting is None
    assert "conflicting" not in same.json()


@pytest.fixture(scope="module")
def corrected(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dev split of mit-movie without the first entity of every tenth sentence."""
    folder = tmp_path_factory.mktemp("corrected") / "mit-movie"
    folder.mkdir()
    source = shared / "data/gner/mit-movie"
    (folder / "label.txt").write_bytes((source / "label.txt").read_bytes())
    blocks = []
    for place, sentence in enumerate(read_dataset(source.parent, "mit-movie", "dev").sentences):
        tags = list(sentence.tags)
        at = next((i for i, tag in enumerate(tags) if tag != "O"), len(tags))
        while place % 10 == 0 and at < len(tags):
            tags[at] = "O"
            at += 1
            if at < len(tags) and not tags[at].startswith("I-"):
                break
        blocks.append("\n".join(f"{word}\t{tag}" for word, tag in zip(sentence.words, tags, strict=True)))
    (folder / "dev.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return folder.parent


def test_real_predictions_against_a_corrected_copy(shared: Path, corrected: Path, tmp_path: Path) -> None:
    """Each side is what ``score`` gives with that gold alone."""
    file = shared / "predictions/gner-t5-base.dev700.jsonl"
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if '"dataset": "mit-movie"' in line]
    part = tmp_path / "part.jsonl"
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = ["score", str(part), "--tokenizer", "none", "--resamples", "100"]
    other = ["--corrected-gold", str(corrected), "--split", "dev"]
    done = CliRunner().invoke(main, [*command, *other, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    sides = document["metrics"]["strict"]["datasets"]["mit-movie"]
    for key, options in (("original", []), ("corrected", ["--gold", str(corrected), "--split", "dev"])):
        alone = json.loads(CliRunner().invoke(main, [*command, *options, "--json"]).stdout)
        assert sides[key] == alone["datasets"]["mit-movie"]["strict"]["f1"]
        assert document["signatures"][key]["signature"] == alone["signature"]
    changed = document["changed"]["mit-movie"]
    assert all(int(id) % 10 == 0 for id in changed["ids"])
    assert len(changed["ids"]) == 15
    table = CliRunner().invoke(main, [*command, *other, "--format", "markdown"]).stdout
    assert "| **mean** |" in table
    assert "15 of 100" in table


def test_corrected_gold_is_a_table_of_its_own(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["score", "x.jsonl", "--corrected-gold", "y", "--fail-under", "50"])
    assert done.exit_code == 2
    assert "--corrected-gold and --thresholds go not with each other, with no gates and none of" in done.stderr
