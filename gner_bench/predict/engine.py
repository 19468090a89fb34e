"""Running a checkpoint over data sets: plan, continue what exists, generate, record."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gner_bench.data import Dataset
from gner_bench.errors import InputError
from gner_bench.files import make_folder, write_json
from gner_bench.predict import run_record, store
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.decoding import generate, use_protocol_settings
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Key, Task, batches, plan
from gner_bench.structure.back_tokenizer import tokenizer_file
from gner_bench.terminal import progress_bar


def predict(checkpoint: Checkpoint, datasets: Sequence[Dataset], options: Options) -> Path:
    """Generate for every sentence that ``options.out/predictions.jsonl`` lacks and return that file.

    Every sentence is on disk before the next batch begins. A complete file stands in the order of the data, whatever
    the batch size and however often the run was killed. Raises InputError when the folder holds another run.
    """
    use_protocol_settings(checkpoint, options.num_beams)
    planned = [plan(d, options.label_order, options.seed, checkpoint.family.wrapping) for d in datasets]
    tasks = [task for part in planned for task in part]
    path, about = make_folder(options.out) / "predictions.jsonl", options.out / "run.json"
    document = run_record.describe(checkpoint, options, datasets, tasks)
    run_record.refuse_other_run(about, document)
    if path.exists() and not about.exists():
        raise InputError(path, "has no run.json beside it that says which model wrote it; choose another --out")
    done = store.recover(path, tasks)
    if len(done) == len(tasks) and run_record.is_done(about):
        return path
    write_json(about, {**document, "sentences_done": len(done)})
    _keep_tokenizer(checkpoint, options.out)
    speed = _generate_missing(checkpoint, planned, done, path, options.batch_size)
    store.put_in_order(path, tasks)
    finished = {"status": "done", "ended": run_record.now(), "sentences_done": len(tasks), **speed}
    write_json(about, {**document, **finished})
    return path


def _keep_tokenizer(checkpoint: Checkpoint, out: Path) -> None:
    """Copy the tokenizer beside the predictions, so that they can be scored without the checkpoint."""
    file = tokenizer_file(checkpoint.folder)
    if file is not None:
        shutil.copyfile(file, out / file.name)


def _generate_missing(
    checkpoint: Checkpoint, planned: Sequence[Sequence[Task]], done: set[Key], path: Path, batch_size: int
) -> dict[str, Any]:
    """Generate batch by batch and return the speed. A batch half on disk is generated whole, as it was before."""
    started, sentences, tokens = time.monotonic(), 0, 0
    with progress_bar(checkpoint.name, sum(map(len, planned)), len(done)) as advance:
        for part in planned:
            for batch in batches(part, batch_size):
                if all(task.key in done for task in batch):
                    continue
                generations = generate(checkpoint, [task.prompt for task in batch])
                missing = [(t, g) for t, g in zip(batch, generations, strict=True) if t.key not in done]
                store.append(path, [task.record(g.text, g.noted()) for task, g in missing])
                sentences += len(missing)
                tokens += sum(generation.tokens for _, generation in missing)
                advance(len(missing))
    seconds = max(time.monotonic() - started, 1e-9)
    return {
        "generated_sentences": sentences,
        "generated_tokens": tokens,
        "sentences_per_second": round(sentences / seconds, 2),
        "tokens_per_second": round(tokens / seconds, 1),
    }
