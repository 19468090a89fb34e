"""Do negative instances help? The five targets of Ding et al. (2024, Table 1) in small, printed as Markdown.

    python benchmarks/ablation.py --data DATA --out DIR [--seeds 0,1,2] [--limit 100] [--figure docs/img/ablation]

One small T5 learns to copy words (the first stage of the recipe). From there a checkpoint is trained for each target,
on the same sentences in the same batches for the same number of steps (the other stages). All decode greedily through
``generate`` and are scored alike: zero-shot on the seven data sets of the paper, supervised on the test splits of
training sets. Killed at any moment, the same command goes on.

DATA is the folder of the data sets in the GNER layout, DIR that of checkpoints and predictions.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import ablation_tables as tables
import torch
from gner_tiny.recipe import Recipe, read_recipe
from gner_tiny.train import train

from gner_bench.answers.gner import GNER, Target, parse_target
from gner_bench.data import Dataset, Reading, read_dataset
from gner_bench.documents.record import Record, read_records
from gner_bench.documents.scores import System
from gner_bench.files import make_folder, write_atomic
from gner_bench.predict.checkpoint import Checkpoint, load_checkpoint
from gner_bench.predict.decode.batched import use_protocol_settings
from gner_bench.predict.plan import Asking, Task, plan
from gner_bench.scoring.counting import score
from gner_bench.scoring.generations import prediction
from gner_bench.scoring.metrics import DEFAULT
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.structure import BackTokenizer, load_back_tokenizer

TARGETS = ("entities", "context:1", "full", str(GNER), "full+bioes")
ZERO_SHOT = (
    "crossner_ai",
    "crossner_literature",
    "crossner_music",
    "crossner_politics",
    "crossner_science",
    "mit-movie",
    "mit-restaurant",
)
AT_ONCE = 40
"""Tokens generated before finished sentences leave the batch."""
Group = dict[str, Dataset]


def targets_of(recipe: Recipe, root: Path, out: Path, seed: int) -> Iterator[tuple[str, Path]]:
    """The checkpoint folder of each target, trained where it is not there yet."""
    folder = make_folder(out / f"seed-{seed}")
    recipe = replace(recipe, seed=seed)
    base = train(replace(recipe, name=f"{recipe.name}-copy", stages=recipe.stages[:1]), root, folder / "copy")
    for target in TARGETS:
        own = replace(recipe, name=f"{recipe.name}-{target}", target=target, stages=recipe.stages[1:])
        yield target, train(own, root, folder / target.replace(":", "-"), base)


def test_sets(recipe: Recipe, root: Path, limit: int) -> dict[str, Group]:
    """The data sets by group, with the types as in training, each cut to ``limit`` sentences drawn at random."""
    readings = {spec.name: Reading(repair=spec.repair, rename=spec.renamed) for spec in recipe.sets}
    groups = {"zero-shot": ZERO_SHOT, "supervised": tuple(readings)}
    return {
        group: {name: sampled(read_dataset(root, name, "test", readings.get(name)), limit) for name in names}
        for group, names in groups.items()
    }


def sampled(dataset: Dataset, limit: int) -> Dataset:
    """``limit`` sentences of the data set, in its order; they depend on its name and the limit alone."""
    size = len(dataset.sentences)
    places = sorted(random.Random(f"ablation {dataset.name}").sample(range(size), min(limit, size)))
    return replace(dataset, sentences=tuple(dataset.sentences[place] for place in places))


def predict(folder: Path, target: str, datasets: Iterable[Dataset], batch: int) -> list[Path]:
    """The predictions of the checkpoint in ``folder``, a file for each data set; files that are there stay."""
    checkpoint: Checkpoint | None = None
    paths = []
    for dataset in datasets:
        path = make_folder(folder / "predictions") / f"{dataset.name}-{len(dataset.sentences)}.jsonl"
        paths.append(path)
        if not path.exists():
            checkpoint = checkpoint or load_checkpoint(str(folder))
            write_atomic(path, "".join(decode(checkpoint, target, plan(dataset, "file", 0, Asking()), batch)))
    return paths


def decode(checkpoint: Checkpoint, target: str, tasks: Sequence[Task], batch: int) -> Iterator[str]:
    """The lines of predictions.jsonl in the order of ``tasks``; sentences of like length share a batch."""
    use_protocol_settings(checkpoint)
    order = sorted(range(len(tasks)), key=lambda place: -len(tasks[place].sentence.words))
    lines: dict[int, str] = {}
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        for place, (text, finish) in zip(places, generate(checkpoint, [tasks[p] for p in places]), strict=True):
            record = replace(tasks[place].record(text, {"finish": finish}), format=target)
            lines[place] = tables.json_line(record.document())
    yield from (lines[place] for place in range(len(tasks)))


@torch.inference_mode()
def generate(checkpoint: Checkpoint, tasks: Sequence[Task]) -> list[tuple[str, str]]:
    """Greedy text for each task, and ``length`` where it was cut, else ``stop``.

    ``generate`` is called again and again for some tokens more, so that finished sentences do not wait for others.
    """
    rows = [[checkpoint.model.config.decoder_start_token_id] for _ in tasks]
    rooms = [1 + longest_answer(checkpoint, task) for task in tasks]
    ends = checkpoint.end_tokens
    active = list(range(len(tasks)))
    while active:
        continued = lengthened(checkpoint, [tasks[place].prompt for place in active], [rows[place] for place in active])
        for place, row in zip(active, continued, strict=True):
            rows[place] = row[: rooms[place]]
        active = [place for place in active if len(rows[place]) < rooms[place] and not ends & set(rows[place])]
    texts = checkpoint.tokenizer.batch_decode(rows, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    return [(text, "stop" if ends & set(row) else "length") for text, row in zip(texts, rows, strict=True)]


def lengthened(checkpoint: Checkpoint, prompts: Sequence[str], rows: Sequence[Sequence[int]]) -> list[list[int]]:
    """``rows`` of equal length with at most AT_ONCE tokens more, chosen greedily."""
    inputs = checkpoint.tokenizer(list(prompts), padding=True, return_tensors="pt").to(checkpoint.model.device)
    continued: list[list[int]] = checkpoint.model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        decoder_input_ids=torch.tensor(rows, device=checkpoint.model.device),
        max_new_tokens=AT_ONCE,
    ).tolist()
    return continued


def longest_answer(checkpoint: Checkpoint, task: Task) -> int:
    """Tokens that no right answer exceeds, whatever the target: all words, each with the longest label, and the end."""
    labels = [f"(S-{kind})" for kind in task.types]
    words, *kinds = checkpoint.tokenizer([" ".join(task.sentence.words), *labels])["input_ids"]
    return len(words) + len(task.sentence.words) * max(map(len, kinds))


@dataclass(frozen=True)
class Written:
    """The predictions in ``files`` as what is scored; see ``gner_bench.scoring.predictions.Predictions``.

    With ``perfect`` the right answers stand in their place, so that the scores are the best that the target can reach.
    """

    files: Sequence[Path]
    target: Target
    back_tokenizer: BackTokenizer
    perfect: bool = False

    @property
    def origin(self) -> Origin:
        sentences = {path.name.rsplit("-", 1)[0]: int(path.stem.rsplit("-", 1)[1]) for path in self.files}
        system = System(str(self.target), note="trained from scratch for minutes")
        return Origin(tuple(self.files), system, "greedy", self.back_tokenizer.fingerprint, planned=sentences)

    def __iter__(self) -> Iterator[Prediction]:
        for path in self.files:
            for record in read_records(path):
                yield self._prediction(record, path)

    def _prediction(self, record: Record, path: Path) -> Prediction:
        text = self.target.perfect(record.words, record.tags) if self.perfect else record.prediction
        written = replace(record, prediction=text, format=str(self.target), generation={})
        return prediction(path, written, self.back_tokenizer)


def main() -> None:
    options = parse_options()
    recipe = shortened(read_recipe(options.recipe), options.steps)
    groups = test_sets(recipe, options.data, options.limit)
    found: dict[int, dict[str, dict[str, Scores]]] = {}
    best: dict[str, dict[str, Scores]] = {group: {} for group in groups}
    for seed in options.seeds:
        found[seed] = {group: {} for group in groups}
        for target, folder in list(targets_of(recipe, options.data, options.out, seed)):
            for group, datasets in groups.items():
                files = predict(folder, target, datasets.values(), options.batch)
                written = Written(files, parse_target(target), load_back_tokenizer(folder))
                found[seed][group][target] = score(written, DEFAULT)
                best[group][target] = score(replace(written, perfect=True), DEFAULT)
    print(tables.document(found, best))
    if options.figure:
        tables.draw(found[options.seeds[0]], options.figure)


def shortened(recipe: Recipe, steps: int | None) -> Recipe:
    """With so many steps in each stage, for a trial."""
    stages = [replace(stage, steps=steps or stage.steps) for stage in recipe.stages]
    return replace(recipe, stages=tuple(stages))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and predictions")
    parser.add_argument("--recipe", type=Path, default=Path(__file__).parent / "gner_tiny/ablation.toml")
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[0])
    parser.add_argument("--limit", type=int, default=100, help="sentences of each test set at most")
    parser.add_argument("--batch", type=int, default=128, help="sentences decoded side by side")
    parser.add_argument("--steps", type=int, help="updates of each stage, for a trial")
    parser.add_argument("--figure", type=Path, help="draw the first seed into FIGURE.png and FIGURE.svg")
    return parser.parse_args()


if __name__ == "__main__":
    main()
