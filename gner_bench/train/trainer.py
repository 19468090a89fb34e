"""The Trainer of transformers with global batches, one loss for both families, and our evaluation and saving."""

from __future__ import annotations

import json
import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from safetensors import SafetensorError
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PrinterCallback, Trainer, TrainerCallback
from transformers.integrations import deepspeed

from gner_bench.documents.scores import Resampling, Structuring
from gner_bench.errors import GnerBenchError
from gner_bench.files import write_json
from gner_bench.scoring.document import document
from gner_bench.scoring.scores import Scores
from gner_bench.terminal import Advance
from gner_bench.train import state as states
from gner_bench.train.batches import IGNORED, Collator, GlobalBatches
from gner_bench.train.evaluation import Evaluator, decodable
from gner_bench.train.prepare import Prepared, UpdatePlan
from gner_bench.train.start import load_saved

LOGGED = ("loss", "grad_norm", "learning_rate", "epoch")


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
        recipe, plan = self.recipe, self.plan
        return GlobalBatches(
            self.lengths, recipe.batch_size, recipe.seed, lambda: self.state.global_step // plan.per_epoch
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
            write_json(file, document(scores, Resampling()))
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
            left = "there was none before"
            if kept:
                left = f"that of step {kept} is kept, and the same command continues from it"
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
        step = state.global_step
        control.should_save = self.plan.saves(step)
        control.should_log = control.should_save or step % self.plan.log_every == 0
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
