"""The training loop: stages of a recipe, state saved so that a killed run goes on, a checkpoint at the end."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from tokenizers import Tokenizer
from torch.optim.lr_scheduler import LambdaLR
from transformers.optimization import Adafactor

from gner_bench.data import read_dataset
from gner_bench.errors import InputError
from gner_bench.files import make_folder, write_atomic
from gner_bench.terminal import progress_bar
from gner_bench.train import state as states
from gner_bench.train.batches import IGNORED

from .examples import Batch, Drawn, Pool, batches, draw, example, load_pool
from .model import export, new_model, trained_model
from .recipe import Recipe, Stage
from .tokenizer import train_tokenizer

EXAMPLES_PER_DRAW = 1024
COPIED = 0.93
"""Share of right tokens above which copying examples grow longer by a quarter of a word a step."""
VALIDATION_SENTENCES = 60


@dataclass
class Position:
    """How far a run is: updates done, tokens seen, examples drawn."""

    step: int = 0
    tokens: int = 0
    drawn: Drawn = field(default_factory=Drawn)


@dataclass
class Run:
    """All that one training run works with."""

    recipe: Recipe
    pool: Pool
    tokenizer: Tokenizer
    accelerator: Accelerator
    model: Any
    optimizer: Any
    schedule: Any
    validation: dict[str, list[Batch]]
    out: Path
    position: Position
    base: str = ""


def train(recipe: Recipe, root: Path, out: Path, base: Path | None = None) -> Path:
    """Train ``recipe`` on the data sets below ``root`` and return the checkpoint folder ``out``.

    State is saved in ``out/state`` at every validation; a second call goes on from there. Loss, token accuracy and
    learning rate go to ``out/log.jsonl``; a finished checkpoint is left as it is. Weights and tokenizer begin as
    those of the checkpoint ``base``, or new. Raises InputError when ``out`` holds another training.
    """
    if (out / "recipe.toml").exists():
        raise InputError(out, "this folder holds a fine-tuning; choose another --out")
    if (out / "training.json").exists():
        return out
    run = _prepare(recipe, root, out, base)
    _resume(run)
    with progress_bar(f"training {recipe.name}", recipe.steps, run.position.step, "steps") as advance:
        for stage, batch in _batches(run):
            _update(run, stage, batch)
            advance(1)
    _validate(run)
    export(run.accelerator.unwrap_model(run.model), run.tokenizer, out, _facts(run))
    shutil.rmtree(out / "state", ignore_errors=True)
    (out / "recipe.json").unlink()
    return out


def _prepare(recipe: Recipe, root: Path, out: Path, base: Path | None) -> Run:
    """Read everything and make the model. The seed is set first: the weights are drawn by it, and then dropout."""
    set_seed(recipe.seed)
    pool = load_pool(recipe, root)
    path, text = make_folder(out) / "recipe.json", json.dumps(recipe.document(), indent=2) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise InputError(path, "this folder holds the training of another recipe; choose another --out")
    write_atomic(path, text)
    tokenizer = _tokenizer(recipe, pool, out, base)
    accelerator = Accelerator(mixed_precision=recipe.precision)
    model = trained_model(recipe.model, base) if base else new_model(recipe.model, tokenizer)
    optimizer: torch.optim.Optimizer
    if recipe.optimizer == "adafactor":
        optimizer = Adafactor(  # type: ignore[no-untyped-call]
            model.parameters(), lr=recipe.learning_rate, scale_parameter=True, relative_step=False
        )
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=0.01)

    def rate(step: int) -> float:
        """Linear warm-up, then linear decay to 1% of the learning rate."""
        return min(1.0, (step + 1) / max(1, recipe.warmup_steps)) * max(0.01, 1 - step / recipe.steps)

    model, optimizer, schedule = accelerator.prepare(model, optimizer, LambdaLR(optimizer, rate))
    validation = _validation(recipe, pool, root, tokenizer)
    name = base.name if base else ""
    return Run(recipe, pool, tokenizer, accelerator, model, optimizer, schedule, validation, out, Position(), name)


def _tokenizer(recipe: Recipe, pool: Pool, out: Path, base: Path | None) -> Tokenizer:
    """The tokenizer that the recipe names, that of ``base``, or one trained on the sentences and types of all sets."""
    path = Path(recipe.tokenizer) if recipe.tokenizer else (base or out) / "tokenizer.json"
    if path.exists():
        return Tokenizer.from_file(str(path))

    def texts() -> Iterator[str]:
        for source in pool.sources.values():
            repeats = max(1, 1000 // len(source.sentences))
            for sentence in source.sentences[:10_000]:
                yield from [" " + " ".join(sentence.words)] * repeats
            yield from [*source.types, " " + ", ".join(source.types)] * 200

    schemes = recipe.schemes or (pool.target.scheme,)
    tokenizer = train_tokenizer(texts(), recipe.model.vocabulary, schemes=schemes)
    write_atomic(path, tokenizer.to_str(pretty=True))
    return tokenizer


def _validation(recipe: Recipe, pool: Pool, root: Path, tokenizer: Tokenizer) -> dict[str, list[Batch]]:
    """Batches by set: of the sentences held out of training sets, then of the recipe's validation splits."""
    sets = {name: (source.held_out, source.types) for name, source in pool.sources.items() if source.held_out}
    for name, split in recipe.validation.items():
        dataset = read_dataset(root, name, split)
        sets[name] = dataset.sentences, dataset.types
    rng, validation = random.Random(0), {}
    for name, (sentences, types) in sets.items():
        examples = [example(s.words, s.tags, types, pool.target) for s in sentences[:VALIDATION_SENTENCES]]
        validation[name] = batches(examples, tokenizer, recipe.tokens_per_batch, rng)
    return validation


def _batches(run: Run) -> Iterator[tuple[Stage, Batch]]:
    """The batches from the run's position on; state is saved between draws, so that a resumed run sees the same."""
    recipe, position, saved = run.recipe, run.position, run.position.step
    end = 0
    for stage in recipe.stages:
        end += stage.steps
        while position.step < end:
            if position.step - saved >= recipe.validate_every:
                _validate(run)
                _save(run)
                saved = position.step
            examples = draw(run.pool, position.drawn, stage.mix, EXAMPLES_PER_DRAW, recipe.seed)
            rng = random.Random(position.step)
            for batch in batches(examples, run.tokenizer, recipe.tokens_per_batch, rng)[: end - position.step]:
                yield stage, batch


def _update(run: Run, stage: Stage, batch: Batch) -> None:
    run.model.train()
    loss, logits = _forward(run, batch)
    run.accelerator.backward(loss)
    run.accelerator.clip_grad_norm_(run.model.parameters(), 1.0)
    run.optimizer.step()
    run.schedule.step()
    run.optimizer.zero_grad()
    run.position.step += 1
    run.position.tokens += batch.prompts.numel() + batch.targets.numel()
    drawn = run.position.drawn
    if "copy" in stage.mix and drawn.copy_length < stage.copy_words and _accuracy(logits, batch.targets) > COPIED:
        drawn.copy_length += 0.25


def _forward(run: Run, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean loss of a batch, and the logits of shape (examples, longest target, vocabulary)."""
    device = run.accelerator.device
    prompts, targets = batch.prompts.to(device), batch.targets.to(device)
    with run.accelerator.autocast():
        output = run.model(input_ids=prompts, attention_mask=(prompts != 0).long(), labels=targets)
    return output.loss, output.logits


def _accuracy(logits: torch.Tensor, targets: torch.Tensor) -> float:
    """The share of target tokens that are the likeliest ones."""
    counted = targets != IGNORED
    right = (logits.argmax(-1).to(targets.device) == targets) & counted
    return right.sum().item() / counted.sum().item()


@torch.no_grad()
def _validate(run: Run) -> None:
    """Append a line to the log: loss and token accuracy of each validation set, means over its batches."""
    run.model.eval()
    row: dict[str, Any] = {"step": run.position.step, "tokens": run.position.tokens}
    row["learning_rate"] = run.schedule.get_last_lr()[0]
    row["copy_length"] = run.position.drawn.copy_length
    for name, rows in run.validation.items():
        results = [(_forward(run, batch), batch) for batch in rows]
        row[name] = {
            "loss": round(sum(loss.item() for (loss, _), _ in results) / len(results), 4),
            "token_accuracy": round(sum(_accuracy(logits, b.targets) for (_, logits), b in results) / len(results), 4),
        }
    with (run.out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(row) + "\n")


def _save(run: Run) -> None:
    state, step = run.out / "state", run.position.step
    shutil.rmtree(state / states.SAVING, ignore_errors=True)
    folder = state / states.SAVING / f"checkpoint-{step}"
    run.accelerator.save_state(str(folder), safe_serialization=False)
    (folder / states.STATE).write_text(json.dumps(asdict(run.position)))
    states.put_in_place(state, step)


def _resume(run: Run) -> None:
    """Go on from the last saved state, if there is one; what was logged after it is going to be logged again."""
    step = states.last_step(run.out / "state")
    if step:
        folder = run.out / "state" / f"checkpoint-{step}"
        run.accelerator.load_state(str(folder))
        saved = json.loads((folder / states.STATE).read_text())
        run.position = Position(saved["step"], saved["tokens"], Drawn(**saved["drawn"]))
    states.cut_log(run.out / "log.jsonl", step)


def _facts(run: Run) -> dict[str, Any]:
    """What training.json says of the checkpoint."""
    position, pool = run.position, run.pool
    return {
        "name": run.recipe.name,
        "note": run.recipe.note,
        "target": run.recipe.target,
        **({"base": run.base} if run.base else {}),
        "training_sets": {
            f"{name}/{source.spec.split}": {
                "sentences": len(source.sentences),
                "examples_drawn": position.drawn.counts.get(name, 0),
            }
            for name, source in pool.sources.items()
        },
        "steps": position.step,
        "tokens": position.tokens,
        "recipe": run.recipe.document(),
    }
