"""The Trainer of transformers with global batches, one loss for both families, and our saving and evaluation: the
outputs for the selection sets are decoded and scored as predict and score do."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate.utils import gather_object
from safetensors import SafetensorError
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PrinterCallback, Trainer, TrainerCallback
from transformers.integrations import deepspeed

from gner_bench.data import Dataset
from gner_bench.documents.scores import Resampling, Structuring, System
from gner_bench.errors import GnerBenchError
from gner_bench.files import write_json
from gner_bench.predict.backends.local import local_backend
from gner_bench.predict.checkpoint import DTYPES, Checkpoint
from gner_bench.predict.folder import CheckpointFolder
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, Key, Task, plan
from gner_bench.scoring.counting import score
from gner_bench.scoring.document import scores_document
from gner_bench.scoring.loading import InMemory
from gner_bench.scoring.metrics import DEFAULT
from gner_bench.scoring.predictions import Origin, Prediction
from gner_bench.scoring.scores import Scores
from gner_bench.structure import BackTokenizer, load_back_tokenizer, structure
from gner_bench.terminal import Advance
from gner_bench.train import state as states
from gner_bench.train.batches import IGNORED, Collator, GlobalBatches
from gner_bench.train.prepare import Prepared, UpdatePlan
from gner_bench.train.recipe import Recipe
from gner_bench.train.start import load_saved

LOGGED = ("loss", "grad_norm", "learning_rate", "epoch")


@dataclass(frozen=True)
class Evaluator:
    """Everything that evaluations have in common. ``tasks`` are the sentences of the selection sets."""

    recipe: Recipe
    start: CheckpointFolder
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
        return score(InMemory(origin, tuple(predictions)), DEFAULT)


def evaluator(recipe: Recipe, start: CheckpointFolder, selection: Sequence[Dataset]) -> Evaluator:
    """The evaluator of the ``selection`` sets; of two with one name, both are named with their split."""
    names = Counter(dataset.name for dataset in selection)
    sets = [replace(d, name=f"{d.name}/{d.split}") if names[d.name] > 1 else d for d in selection]
    asking = Asking(wrapping=start.wrapping)
    tasks = tuple(task for dataset in sets for task in plan(dataset, "file", 0, asking))
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


def answer_loss(apart: bool, outputs: Any, labels: Tensor, num_items_in_batch: Tensor) -> Tensor:
    """The sum of the negative log-likelihood over the answer tokens of a part, divided by their number in the whole
    batch over all devices, so that the parts of a batch add up to its mean however it is divided.

    ``apart`` is whether labels are at the place of their logits (encoder-decoder) or one later (decoder-only). Logits
    have the shape (examples, length, vocabulary), labels (examples, length).
    """
    logits = outputs["logits"]
    if not apart:
        logits, labels = logits[:, :-1], labels[:, 1:]
    flat = logits.float().reshape(-1, logits.shape[-1])
    targets = labels.reshape(-1).to(flat.device)
    return cross_entropy(flat, targets, ignore_index=IGNORED, reduction="sum") / num_items_in_batch


class FineTuneTrainer(Trainer):
    """``folder`` is the state folder; without an ``evaluator`` the last checkpoint counts as the best."""

    def __init__(self, model: Any, args: Any, prepared: Prepared, evaluator: Evaluator | None) -> None:
        collator = Collator(prepared.start)
        super().__init__(
            model=model,
            args=args,
            train_dataset=[*prepared.examples, collator.filler],
            data_collator=collator,
            compute_loss_func=partial(answer_loss, prepared.start.encoder_decoder),
        )
        self.model_accepts_loss_kwargs = False  # the loss is ours: the model is not to be given num_items_in_batch
        self.recipe, self.plan, self.evaluator = prepared.recipe, prepared.plan, evaluator
        self.folder = Path(args.output_dir)
        self.lengths = [example.tokens for example in prepared.examples]
        self._writing_to: Path | None = None
        self.remove_callback(PrinterCallback)

    def _get_train_sampler(self, train_dataset: Any = None) -> GlobalBatches:
        recipe = self.recipe
        return GlobalBatches(
            self.lengths, recipe.batch_size, recipe.seed, lambda: self.state.global_step // self.plan.per_epoch
        )

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: list[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Decode and score the selection sets, every process its share; end the training when patience is over."""
        started = time.monotonic()
        scores = self._scores()
        cut = sum((part.analysis.structuring or Structuring()).cut_outputs for part in scores.sets.values())
        metrics = {"eval_f1": scores.f1, **{f"eval_{name}_f1": part.f1 for name, part in scores.sets.items()}}
        metrics |= {"eval_cut_outputs": cut, "eval_seconds": round(time.monotonic() - started, 2)}
        if self.is_world_process_zero():
            file = self.folder / states.SCORES.format(step=self.state.global_step)
            write_json(file, scores_document(scores, Resampling()).json())
        self.log(dict(metrics))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        evaluations = states.evaluations(self.state.log_history)
        self.control.should_training_stop |= states.out_of_patience(evaluations, self.recipe.selection.patience)
        return metrics

    def _scores(self) -> Scores:
        assert self.evaluator is not None
        divided = self.is_fsdp_enabled or deepspeed.is_deepspeed_zero3_enabled()  # type: ignore[no-untyped-call]
        share = slice(self.args.process_index, None, self.args.world_size)
        with self._whole() if divided else decodable(self.model) as model:
            own = self.evaluator.decode(model, share)
        parts = gather_object([own]) if self.args.world_size > 1 else [own]
        return self.evaluator.score({key: generation for part in parts for key, generation in part.items()})

    @contextmanager
    def _whole(self) -> Iterator[Any]:
        """A whole copy, on this device, of weights that no process holds all of (FSDP, ZeRO stage 3): saved by all
        processes together, then read by each."""
        assert self.evaluator is not None
        folder = self.folder / "whole"
        self.save_model(str(folder), _internal_call=True)
        self.accelerator.wait_for_everyone()
        plugin = self.accelerator.state.deepspeed_plugin
        if plugin is not None:
            deepspeed.unset_hf_deepspeed_config()  # type: ignore[no-untyped-call]  # or the copy would be divided too
        model = load_saved(self.evaluator.start, self.recipe, folder).to(self.args.device).eval()
        if plugin is not None:
            deepspeed.set_hf_deepspeed_config(plugin.hf_ds_config)  # type: ignore[no-untyped-call]
        try:
            yield model
        finally:
            del model
            self._first_does(lambda: shutil.rmtree(folder, ignore_errors=True))

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._writing_to or self.folder)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """Write the whole checkpoint aside, then let it take its place: a full disk costs nothing that was there.

        Raises GnerBenchError when it cannot be written.
        """
        step = self.state.global_step
        self._writing_to = self.folder / states.SAVING
        self._first_does(lambda: shutil.rmtree(self.folder / states.SAVING, ignore_errors=True))
        try:
            super()._save_checkpoint(model, trial)
        except (OSError, RuntimeError, SafetensorError) as error:
            shutil.rmtree(self.folder / states.SAVING, ignore_errors=True)
            kept, why = states.last_step(self.folder), states.reason(error, self.folder)
            saved = f"that of step {kept} is kept, and the same command continues from it"
            left = saved if kept else "there was none before"
            message = f"{self.folder}: the checkpoint of step {step} cannot be saved ({why}); {left}"
            raise GnerBenchError(message) from None
        finally:
            self._writing_to = None
        best = states.best(states.evaluations(self.state.log_history))
        self._first_does(lambda: states.put_in_place(self.folder, step, best.step if best else None))

    def _first_does(self, action: Callable[[], object]) -> None:
        """``action`` by the first process, the others waiting before and after."""
        self.accelerator.wait_for_everyone()
        if self.is_world_process_zero():
            action()
        self.accelerator.wait_for_everyone()


class PlanCallback(TrainerCallback):
    """Says when to log, evaluate and save; writes the log and moves the progress bar."""

    def __init__(self, plan: UpdatePlan, evaluates: bool, log: Path, advance: Advance) -> None:
        self.plan, self.evaluates, self.path, self.advance = plan, evaluates, log, advance
        self.note = ""

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step, plan = state.global_step, self.plan
        control.should_save = step % plan.every == 0 or step == plan.steps
        control.should_log = control.should_save or step % plan.log_every == 0
        control.should_evaluate = control.should_save and self.evaluates
        self.advance(1, self.note)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        row = {key: value for key, value in (logs or {}).items() if key in LOGGED or key.startswith("eval_")}
        if not row.keys() & {"loss", "eval_f1"}:
            return
        if "loss" in row:
            if not math.isfinite(row["loss"]):
                raise GnerBenchError(
                    f"the loss of step {state.global_step} is not a number; T5 overflows in fp16 (take bf16 or fp32),"
                    " or the learning rate is too high"
                )
            self.note = f"loss {row['loss']:.3f}"
        if state.is_world_process_zero:
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": state.global_step, **row}) + "\n")
