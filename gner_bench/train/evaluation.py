"""How good a model in training is: its outputs for the selection sets, decoded and scored as predict and score do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from gner_bench.data import Dataset
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import DTYPES, Checkpoint
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Key, Task
from gner_bench.predict.plan import plan as planned
from gner_bench.scoring.counting import score
from gner_bench.scoring.metrics import DEFAULT
from gner_bench.scoring.predictions import Origin, Prediction, System
from gner_bench.scoring.scores import Scores
from gner_bench.structure import BackTokenizer, load_back_tokenizer, structure
from gner_bench.train.recipe import Recipe
from gner_bench.train.start import Start


@dataclass(frozen=True)
class _Decoded:
    """Predictions in memory."""

    origin: Origin
    sentences: Sequence[Prediction]

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.sentences)


@dataclass(frozen=True)
class Evaluator:
    """Everything that evaluations have in common. ``tasks`` are the sentences of the selection sets."""

    recipe: Recipe
    start: Start
    tasks: tuple[Task, ...]
    back_tokenizer: BackTokenizer

    def decode(self, model: Any, share: slice = slice(None)) -> dict[Key, Generation]:
        """What ``model`` (a plain one, in eval mode) writes for a share of the sentences, with predict's limits."""
        recipe, start = self.recipe, self.start
        if model.device.type == "cuda":
            torch.cuda.empty_cache()
        checkpoint = Checkpoint(
            name=recipe.name,
            source=recipe.checkpoint,
            revision=start.revision,
            folder=start.folder,
            files={},
            note=recipe.note,
            training_sets=start.training_sets,
            model=model,
            tokenizer=start.tokenizer,
            dtype=next(name for name, kind in DTYPES.items() if kind == model.dtype),
            format=recipe.parsed_target.name,
        )
        backend = local_backend(checkpoint, Options(data=None, out=Path(), decoding="drafted"))
        return {task.key: generation for task, generation in backend.decode(self.tasks[share])}

    def score(self, generations: Mapping[Key, Generation]) -> Scores:
        target, back_tokenizer = self.recipe.parsed_target, self.back_tokenizer
        predictions = []
        for task in self.tasks:
            sentence, generation = task.sentence, generations[task.key]
            structured = structure(sentence.words, frozenset(task.types), generation.text, back_tokenizer, target)
            about = (task.dataset, task.split, sentence.id, task.types, sentence.words, sentence.tags)
            predicted = tuple(structured.match.tags)
            predictions.append(Prediction(*about, predicted, (), generation.text, structured, generation.noted()))
        system = System(self.recipe.name, None, self.recipe.note)
        origin = Origin((), system, "greedy", back_tokenizer.fingerprint, target.version)
        return score(_Decoded(origin, predictions), DEFAULT)


def evaluator(recipe: Recipe, start: Start, selection: Sequence[Dataset]) -> Evaluator:
    """The evaluator of the ``selection`` sets; of two with one name, both are named with their split."""
    names = Counter(dataset.name for dataset in selection)
    sets = [replace(d, name=f"{d.name}/{d.split}") if names[d.name] > 1 else d for d in selection]
    tasks = tuple(task for dataset in sets for task in planned(dataset, "file", 0, start.wrapping))
    return Evaluator(recipe, start, tasks, load_back_tokenizer(start.folder))


@contextmanager
def decodable(model: Any) -> Iterator[Any]:
    """The plain model inside ``model`` in eval mode, adapters merged; afterwards everything is as it was.

    Drafted decoding lays weights side by side in memory and sets the generation settings, and merging adapters changes
    weights: all of them are put back, and so are the random states.
    """
    inner, training = model.get_base_model() if hasattr(model, "get_base_model") else model, model.training
    adapted = [module for module in model.modules() if hasattr(module, "lora_A") and hasattr(module, "base_layer")]
    devices = [inner.device] if inner.device.type == "cuda" else []
    kept = {parameter: parameter.data for parameter in model.parameters()}
    settings = inner.generation_config
    with torch.random.fork_rng(devices):
        model.eval()
        try:
            if hasattr(model, "merge_adapter"):
                # Adapters are added to the weights in place: to copies, as subtracting them again would leave a
                # rounding error in the weights of the training.
                for layer in adapted:
                    layer.base_layer.weight.data = layer.base_layer.weight.data.clone()
                model.merge_adapter()
            yield inner
        finally:
            if any(layer.merged for layer in adapted):
                model.unmerge_adapter()
            for parameter, data in kept.items():
                parameter.data = data
            inner.generation_config = settings
            model.train(training)
