"""Whatever is in a file, a verb ends with a documented exit code and one line that names it, never in a traceback.

``GNER_BENCH_FUZZ=20000`` mutates so many files instead of 2,000, ``GNER_BENCH_FUZZ_SEED=1`` others than these.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gner_bench.cli import main

from .mutate import mutated

ROUNDS = int(os.environ.get("GNER_BENCH_FUZZ", "2000"))
SEED = int(os.environ.get("GNER_BENCH_FUZZ_SEED", "0"))
CODES = range(8)
"""Those that the command documents."""


@dataclass(frozen=True)
class Target:
    """A command that reads ``files``, which are mutated one at a time; ``{}`` in it is the folder they are in.

    ``share`` is that of all rounds; ``setting`` are environment variables.
    """

    command: str
    files: tuple[str, ...]
    share: float = 1.0
    setting: tuple[tuple[str, str], ...] = ()


MANIFEST = "home/hub/models--me--mine/gner-bench.json"
HOME = (("GNER_BENCH_HOME", "{}/home"),)
TARGETS = {
    "score": Target("score {}/run --resamples 0 --json", ("run/predictions.jsonl", "run/run.json"), 3),
    "score with a baseline": Target(
        "score {}/run/predictions.jsonl --tokenizer none --resamples 100 --baseline {}/a.json", ("a.json",)
    ),
    "tokenizer": Target(
        "score {}/run/predictions.jsonl --tokenizer {}/tok/tokenizer.json --resamples 0", ("tok/tokenizer.json",), 0.3
    ),
    "from conll": Target(
        "score {}/data/news/test.txt --from conll --gold {}/data/news --resamples 0",
        ("data/news/test.txt", "data/news/label.txt"),
    ),
    "from spans": Target("score {}/spans.json --from spans --gold {}/data/news --resamples 0", ("spans.json",)),
    "from uniner": Target("score {}/uniner.json --from uniner --gold {}/data/news --resamples 0", ("uniner.json",)),
    "from text": Target("score {}/text.txt --from text --gold {}/data/news --resamples 0", ("text.txt",)),
    "from inline": Target("score {}/inline.txt --from inline --gold {}/data/news --resamples 0", ("inline.txt",), 0.5),
    "gold": Target("score {}/run --gold {}/gold.jsonl --resamples 0", ("gold.jsonl",)),
    "compare": Target("compare {}/a.json {}/b.json --resamples 100", ("a.json", "b.json"), 2),
    "report": Target(
        "report {}/a.json {}/b.json --out {}/report --formats md,csv --quoted none", ("a.json", "b.json"), 0.5
    ),
    "explain": Target("explain {}/run --worst 2", ("run/predictions.jsonl", "run/run.json")),
    "convert columns": Target("convert {}/data/news/test.txt {}/out.jsonl --to spans", ("data/news/test.txt",)),
    "convert spans": Target("convert {}/spans.json {}/out --to gner --name news", ("spans.json",)),
    "convert jsonl": Target("convert {}/gold.jsonl {}/out --to gner", ("gold.jsonl",)),
    "convert uniner": Target("convert {}/uniner.json {}/out.jsonl --to spans --name news", ("uniner.json",)),
    "audit": Target("audit --data {}/data", ("data/news/test.txt", "data/news/label.txt")),
    "merge": Target(
        "merge {}/shards",
        tuple(f"shards/shard-{part}-of-2/{name}" for part in (1, 2) for name in ("run.json", "predictions.jsonl")),
        2,
    ),
    "experiment": Target("run {}/mine.toml --dry-run", ("mine.toml", "predictions/demo/run.json"), 3),
    "export": Target("run --export-config {}/run", ("run/run.json",), 2),
    "recipe": Target("train {}/recipe.toml --data {}/data --dry-run --offline", ("recipe.toml",), 2, HOME),
    "catalogue": Target("--catalog {}/catalog.toml list datasets", ("catalog.toml",), 1, HOME),
    "catalogue of models": Target("--catalog {}/catalog.toml list models", ("catalog.toml",), 1, HOME),
    "download": Target("--catalog {}/catalog.toml download mine my-set --dry-run", ("catalog.toml",), 1, HOME),
    "import": Target("--catalog {}/catalog.toml download my-set --from {}/data --offline", ("catalog.toml",), 1, HOME),
    "cache list": Target("cache list", (MANIFEST,), 1, HOME),
    "cache verify": Target("cache verify", (MANIFEST, "home/data/news/source.json"), 1, HOME),
    "cache of models": Target("--catalog {}/catalog.toml list models --json", (MANIFEST,), 1, HOME),
    "cache of data": Target(
        "--catalog {}/catalog.toml list datasets --json", ("home/data/my-set/source.json",), 1, HOME
    ),
    "predict": Target(
        "predict --model {}/model --data {}/data --limit 1 --out {}/new --device cpu",
        (
            "config.json",
            "generation_config.json",
            "tokenizer_config.json",
            "tokenizer.json",
            "training.json",
            "model.safetensors",
        ),
        0.8,
    ),
    "predict with llama": Target(
        "predict --model {}/llama --data {}/data --limit 1 --out {}/new --device cpu",
        ("config.json", "generation_config.json", "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json"),
        0.8,
    ),
    "predict on": Target(
        "predict --model {}/model --data {}/data --limit 1 --out {}/run --device cpu",
        ("run/run.json", "run/predictions.jsonl"),
        0.3,
    ),
}

WORDS = ("Ann", "saw", "Oslo")
LABELS = ("B-person", "O", "B-place")
CORPUS = "Ann\tB-person\nsaw\tO\nOslo\tB-place\n\nhi\tO\n\nNew\tB-place\nYork\tI-place\n"
PLAIN = {
    "data/news/label.txt": "person\nplace\n",
    "data/news/test.txt": CORPUS,
    "data/my-set/label.txt": "person\nplace\n",
    "data/my-set/train.txt": CORPUS,
    "text.txt": "Ann(B-person) saw(O) Oslo(B-place)\nhi(O)\nNew(B-place) York(I-place)\n",
    "inline.txt": "<person>Ann</person> saw <place>Oslo</place>\nhi\n<place>New York</place>\n",
    "mine.toml": """\
data = "{}/data"
datasets = ["news"]
split = "test"
limit = "1-2"
sample_ids = []
decodings = ["drafted", "beam"]
batch_size = 2
num_beams = 2
dtype = "auto"
device = "cpu"
label_order = "file"
seed = 0
repair = "refuse"
metrics = ["gner", "strict"]
resamples = 100
baseline = ""
quoted = "all"
predictions = "{}/predictions"
report = "{}/report"
[[checkpoints]]
model = "demo"
name = "demo"
backend = "local"
concurrency = 3
""",
    "recipe.toml": """\
name = "mine"
checkpoint = "{}/absent"
note = "n"
target = "full+bio"
seed = 1
epochs = 1.0
steps = 0
batch_size = 4
device_batch_size = 2
learning_rate = 5e-5
schedule = "constant"
warmup_ratio = 0.1
weight_decay = 0.0
max_grad_norm = 1.0
precision = "fp32"
max_input_tokens = 640
gradient_checkpointing = false
test = ["zero-shot"]
report_to = []
[[sets]]
name = "news"
split = "test"
limit = 2
negative_types = 1
repair = "begin"
renamed = {person = "who"}
[selection]
dev = []
holdout = 2
limit = 3
every_steps = 0
[lora]
r = 4
alpha = 8
dropout = 0.1
modules = ["q"]
""",
    "catalog.toml": """\
[[family]]
name = "t5"
wrapping = "plain"
max_input_tokens = 640
max_new_tokens = 640
[[model]]
name = "mine"
hub = "me/mine"
family = "t5"
parameters = 1_000_000
licence = "mit"
revision = "main"
bytes = 4_000_000
training_sets = ["news"]
note = "n"
[[dataset]]
name = "my-set"
title = "Mine"
groups = ["own"]
types = ["person", "place"]
drop = ["misc"]
rename = {human = "person"}
licence = "mit"
folder = ""
[dataset.splits.train]
sentences = 3
words = 6
entities = 3
content_hash = ""
[[dataset.sources]]
format = "conll"
files = {train = "my/train.txt"}
[[dataset.problems]]
split = "train"
what = "none"
sentences = ["abc"]
[[file]]
name = "my/train.txt"
urls = ["http://127.0.0.1:9/train.txt"]
checksum = "git:0123456789012345678901234567890123456789"
bytes = 10
""",
}


def _records(count: int = 3) -> list[dict[str, Any]]:
    sentences = [(WORDS, LABELS), (("hi",), ("O",)), (("New", "York"), ("B-place", "I-place"))][:count]
    return [
        {
            "dataset": "news",
            "split": "test",
            "label_list": ["person", "place"],
            "instance": {
                "id": str(index),
                "words": list(words),
                "labels": list(labels),
                "instruction_inputs": f"prompt {index}",
                "prompt_labels": "",
            },
            "prediction": " ".join(f"{word}({label})" for word, label in zip(words, labels, strict=True)),
            "generation": {"tokens": 9, "finish": "stop", "confidence": [0.5] * len(words)},
        }
        for index, (words, labels) in enumerate(sentences)
    ]


def _lines(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def _checkpoints(folder: Path) -> None:
    """A T5 and a LLaMA with random weights and a tokenizer of a few pieces."""
    import torch
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import (
        LlamaConfig,
        LlamaForCausalLM,
        PreTrainedTokenizerFast,
        T5Config,
        T5ForConditionalGeneration,
    )

    pieces = [
        "<unk>",
        "<s>",
        "</s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "\u2581",
        *"abcdefghiIXOB-()[]/\u2581",
    ]
    tokenizer = Tokenizer(
        models.BPE({p: i for i, p in enumerate(dict.fromkeys(pieces))}, [], unk_token="<unk>", byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    size = {"vocab_size": 300, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    t5 = T5Config(d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2, decoder_start_token_id=0, **size)
    llama = LlamaConfig(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, **size)
    torch.manual_seed(0)
    for name, model in (("model", T5ForConditionalGeneration(t5)), ("llama", LlamaForCausalLM(llama))):
        model.save_pretrained(folder / name)
        special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder / name)
        (folder / name / "special_tokens_map.json").write_text(json.dumps(special))
    settings = json.loads((folder / "llama/tokenizer_config.json").read_text()) | {"tokenizer_class": "LlamaTokenizer"}
    (folder / "llama/tokenizer_config.json").write_text(json.dumps({**settings, "add_eos_token": True}))
    (folder / "model/training.json").write_text(json.dumps({"name": "m", "note": "n", "training_sets": ["a"]}))
    (folder / "tok").mkdir()
    shutil.copyfile(folder / "llama/tokenizer.json", folder / "tok/tokenizer.json")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the verbs read, in order."""
    folder = tmp_path_factory.mktemp("good")
    for name, text in PLAIN.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{}/", f"{folder}/"), encoding="utf-8")
    _checkpoints(folder)
    spans = [
        {"id": str(i), "tokenized_text": r["instance"]["words"], "ner": [[0, 0, "place"]]}
        for i, r in enumerate(_records())
    ]
    (folder / "spans.json").write_text(json.dumps(spans))
    said = [
        {
            "id": f"ner_{i}",
            "conversations": [
                {"from": "human", "value": f"Text: {' '.join(r['instance']['words'])}"},
                {"from": "gpt", "value": "I've read this text."},
                {"from": "human", "value": "What describes place in the text?"},
                {"from": "gpt", "value": '["Oslo"]' if i == 0 else "[]"},
            ],
        }
        for i, r in enumerate(_records())
    ]
    (folder / "uniner.json").write_text(json.dumps(said))
    (folder / "gold.jsonl").write_text(_lines([{k: v for k, v in r.items() if k != "prediction"} for r in _records()]))
    run = ["predict", "--model", folder / "model", "--data", folder / "data", "--datasets", "news", "--device", "cpu"]
    for more in (["--out", folder / "run"], *(["--shard", f"{i}/2", "--out", folder / "shards"] for i in (1, 2))):
        _invoke([*map(str, run), *map(str, more)])
    shutil.copytree(folder / "run", folder / "predictions/demo")
    for name in ("a", "b"):
        (folder / f"{name}.jsonl").write_text(_lines(_records()))
        _invoke(["score", f"{folder}/{name}.jsonl", "--tokenizer", "none", "--out", f"{folder}/{name}.json"])
    hub = folder / "home/hub/models--me--mine"
    commit = "0123456789012345678901234567890123456789"
    (hub / "snapshots" / commit).mkdir(parents=True)
    (hub / "snapshots" / commit / "config.json").write_text("{}")
    sum_ = "git:" + "9e26dfeeb6e641a33dae4961196235bdb965b21b"
    entry = {
        "commit": commit,
        "revisions": ["main"],
        "files": {"config.json": {"size": 2, "checksum": sum_, "mtime_ns": 0}},
    }
    (hub / "gner-bench.json").write_text(json.dumps({"hub_id": "me/mine", "snapshots": [entry]}))
    for name in ("news", "my-set"):
        store = folder / "home/data" / name
        store.mkdir(parents=True)
        shutil.copyfile(folder / "gold.jsonl", store / "train.jsonl")
        facts = {"source": "x", "checksum": sum_, "content_hash": "a", "sentences": 3, "fetched": "2025"}
        (store / "source.json").write_text(json.dumps({"version": 1, "splits": {"train": facts}}))
    return folder


def _invoke(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, f"{arguments}: {result.output} {result.exception!r}"


@pytest.fixture(autouse=True, scope="module")
def short_outputs() -> Any:
    """Lowers the length limits: what a random model writes is of no interest."""
    from gner_bench.catalog.entries import Family
    from gner_bench.predict.checkpoint import Checkpoint

    with pytest.MonkeyPatch.context() as patch:
        families = {True: Family("t5", "plain", 640, 6), False: Family("llama", "inst", 0, 0, 900)}
        patch.setattr(Checkpoint, "family", property(lambda self: families[self.encoder_decoder]))
        yield


@dataclass(frozen=True)
class Saved:
    """A file as it was: a file with the same size and times is taken to be as it was, without being read."""

    content: bytes
    state: tuple[int, int, int]


def _state(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _snapshot(folder: Path) -> dict[str, Saved]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path): Saved(path.read_bytes(), _state(path)) for path in files}


def _restore(folder: Path, files: dict[str, Saved]) -> None:
    """Put back what a command wrote over, and remove what it added."""
    there = set()
    for root, _, names in os.walk(folder, topdown=False):
        paths = {os.path.join(root, name) for name in names}  # noqa: PTH118 (2,000 times 70 files)
        kept = paths & files.keys()
        for path in paths - kept:
            Path(path).unlink()
        if not kept and not os.listdir(root):  # noqa: PTH208
            Path(root).rmdir()
        there |= kept
    for name, saved in files.items():
        path = Path(name)
        if name not in there or _state(path) != saved.state:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(saved.content)
            files[name] = Saved(saved.content, _state(path))


@pytest.mark.parametrize("name", TARGETS)
def test_no_file_ends_in_a_traceback(good: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target, rng, faults = TARGETS[name], random.Random(f"{SEED} {name}"), []
    for variable, value in target.setting:
        monkeypatch.setenv(variable, value.replace("{}", str(good)))
    arguments = [part.replace("{}", str(good)) for part in target.command.split()]
    total = sum(other.share for other in TARGETS.values())
    files = _snapshot(good)
    for _ in range(max(1, round(ROUNDS * target.share / total))):
        path = good / (target.files[0] if len(target.files) == 1 else rng.choice(target.files))
        if "model/" in str(target.files) or name.startswith("predict with") or name == "predict":
            path = good / ("llama" if "llama" in name else "model") / rng.choice(target.files)
        path.write_bytes(content := mutated(path.name, path.read_bytes(), rng))
        result = CliRunner().invoke(main, arguments)
        if fault := _fault(result, path, content, good):
            faults.append(f"{fault}\n  {path.name}: {content[:3000]!r}")
        _restore(good, files)
    assert not faults, f"{len(faults)} faults\n" + "\n".join(faults[:5])


def _fault(result: Any, path: Path, content: bytes, folder: Path) -> str:
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        trace = "".join(traceback.format_exception(result.exception)[-3:])
        return f"{type(result.exception).__name__}: {str(result.exception)[:200]}\n{trace}"
    if result.exit_code not in CODES:
        return f"exit code {result.exit_code}: {result.output[-300:]}"
    if result.exit_code in (1, 2, 5):
        line = result.stderr.rstrip("\n").split("\n")[-1]
        if not line.startswith("Error: "):
            return f"no error is said: {result.stderr[-300:]!r}"
        # A name that is in the file, such as that of a data set, is as good as the file's.
        names = [re.split("[:/]", line.removeprefix("Error: "))[0], *re.findall("'([^']+)'", line)]
        text = content.decode(errors="ignore")
        if not any(place in result.output for place in (path.name, str(folder))) and not any(n in text for n in names):
            return f"the file is not named: {line[:300]}"
    return ""
