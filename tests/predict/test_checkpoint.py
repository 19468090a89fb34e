from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM

from gner_bench.data import Sentence
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.decode.batched import generate, use_protocol_settings
from gner_bench.predict.decode.speculative import SpeculativeDecoder
from gner_bench.predict.plan import Asking, Task


def test_a_folder_loads_with_its_name_note_and_hashes(tiny_t5: Path) -> None:
    checkpoint = load_checkpoint(str(tiny_t5), device="cpu")
    assert (checkpoint.name, checkpoint.note, checkpoint.dtype) == ("tiny", "random", "fp32")
    assert checkpoint.encoder_decoder
    assert checkpoint.family.wrapping == "plain"
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(checkpoint.files)
    assert all(len(digest) == 64 for digest in checkpoint.files.values())


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="holds no weights"):
        load_checkpoint(str(tmp_path))


def test_a_folder_without_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no config\.json"):
        load_checkpoint(str(tmp_path))


def test_a_broken_weights_file_is_one_line(tiny_t5: Path, tmp_path: Path) -> None:
    for file in tiny_t5.iterdir():
        (tmp_path / file.name).write_bytes(
            file.read_bytes()[:100] if file.suffix == ".safetensors" else file.read_bytes()
        )
    with pytest.raises(InputError, match="cannot be loaded as a checkpoint") as caught:
        load_checkpoint(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_an_unknown_device_is_one_line(tiny_t5: Path) -> None:
    with pytest.raises(GnerBenchError, match="--device toaster"):
        load_checkpoint(str(tiny_t5), device="toaster")


def test_an_untied_output_layer_stays_untied(tiny_t5: Path, tmp_path: Path) -> None:
    """GNER's lm_head is its own matrix; transformers 5 ties it in models built from a configuration."""
    model = AutoModelForSeq2SeqLM.from_pretrained(tiny_t5)
    model.lm_head.weight = type(model.lm_head.weight)(model.shared.weight.detach() * 2 + 1)
    model.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((tiny_t5 / name).read_bytes())
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": False}), encoding="utf-8")
    loaded = load_checkpoint(str(tmp_path), device="cpu").model
    assert loaded.lm_head.weight.data_ptr() != loaded.shared.weight.data_ptr()
    assert loaded.lm_head.weight.equal(model.lm_head.weight)


def test_the_embedded_checkpoint_is_small_and_says_what_it_is() -> None:
    checkpoint = load_checkpoint(str(CHECKPOINT), device="cpu")
    assert checkpoint.name == "gner-tiny"
    assert "supervised" in checkpoint.note
    assert 4e6 <= checkpoint.model.num_parameters() <= 8e6
    assert (CHECKPOINT / "model.safetensors").stat().st_size <= 16e6


def test_a_spread_checkpoint_writes_the_same(tiny_t5: Path, short_outputs: Callable[[int], None]) -> None:
    short_outputs(30)
    task = Task("news", "test", ("actor",), Sentence("0", ("did", "george", "clooney"), ("O",) * 3), Asking())
    plain, spread = (load_checkpoint(str(tiny_t5), device=device) for device in ("cpu", "map"))
    assert [g for _, g in SpeculativeDecoder(plain, 2)([task])] == [g for _, g in SpeculativeDecoder(spread, 2)([task])]


def copied(folder: Path, target: Path, *names: str) -> Path:
    """A copy of a checkpoint's folder without the files ``names``."""
    target.mkdir()
    for file in folder.iterdir():
        if file.name not in names:
            (target / file.name).write_bytes(file.read_bytes())
    return target


class Trap:
    """Pickled, and loaded as a pickle, this writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.write_text, (self.path, "run")


def pickled(path: Path, trap: Path) -> None:
    torch.save({"weight": Trap(trap)}, path)


INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"pytorch_model.bin": None}, r"its weights are pickled \(pytorch_model\.bin\), which can run code"),
        ({"pytorch_model.bin": None, "decoy.safetensors": b"{}"}, r"its weights are pickled"),
        ({"decoy.safetensors": b"{}"}, r"holds decoy\.safetensors, but neither model\.safetensors nor its index"),
        ({"model.bin": None, INDEX: {"weight_map": {"a": "model.bin"}}}, r"weight_map: names 'model\.bin'; parts"),
        ({INDEX: {"weight_map": {"a": "../model.safetensors"}}}, r"names '\.\./model\.safetensors'; parts"),
        ({INDEX: {"weight_map": {"a": "/etc/x.safetensors"}}}, r"names '/etc/x\.safetensors'; parts"),
        ({INDEX: {"weight_map": {"a": "absent.safetensors"}}}, r"names absent\.safetensors, which is not there"),
        ({INDEX: {"weight_map": {}}}, r"names no file"),
        ({INDEX: {"weight_map": ["model.bin"]}}, r"weight_map: expected dict, found list"),
        ({INDEX: {"weight_map": {"a": 3}}}, r"expected str, found int"),
        ({"model.safetensors": b"", "adapter_config.json": {}}, r"is that of an adapter"),
    ],
)
def test_weights_that_are_not_safetensors_are_refused_before_loading(
    tiny_t5: Path, tmp_path: Path, files: dict[str, Any], reason: str
) -> None:
    folder, trap = copied(tiny_t5, tmp_path / "model", "model.safetensors"), tmp_path / "trap"
    for name, content in files.items():
        if content is None:
            pickled(folder / name, trap)
        else:
            (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(InputError, match=reason) as caught:
        load_checkpoint(str(folder), device="cpu")
    assert "\n" not in str(caught.value)
    assert not trap.exists()


def test_weights_of_another_shape_than_the_configuration_are_refused(tiny_t5: Path, tmp_path: Path) -> None:
    """transformers would fill up the second layer at random, and say nothing at our level of messages."""
    folder = copied(tiny_t5, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"num_layers": 2, "num_decoder_layers": 2}))
    with pytest.raises(InputError, match=r"its weights lack .*block\.1\..* and \d+ more"):
        load_checkpoint(str(folder), device="cpu")


CODE = "raise SystemExit('the code of the folder was run')"


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_of_the_folder_is_neither_asked_about_nor_run(
    tiny_t5: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    folder = copied(tiny_t5, tmp_path / "model")
    classes = dict.fromkeys(("AutoConfig", "AutoModelForSeq2SeqLM"), "code.Anything")
    auto_map = {**classes, "AutoTokenizer": ["code.Anything", None]}
    settings = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps({**settings, "auto_map": auto_map}), encoding="utf-8")
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    assert load_checkpoint(str(folder), device="cpu").encoder_decoder
    said = capsys.readouterr()
    assert (said.out, said.err.count("names code of its own, which is not run")) == ("", 1)


def test_code_is_not_run_for_a_model_that_is_unknown(
    tiny_t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(tiny_t5, tmp_path / "model")
    document = {"model_type": "mine", "auto_map": {"AutoConfig": "code.Anything"}}
    (folder / "config.json").write_text(json.dumps(document), encoding="utf-8")
    (folder / "code.py").write_text(CODE, encoding="utf-8")
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))
    with pytest.raises(InputError, match=r"config\.json: is no configuration of a known model"):
        load_checkpoint(str(folder), device="cpu")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pad_token_id": "x"}, "pad_token_id"),
        ({"eos_token_id": [1, 10**30]}, "eos_token_id"),
        ({"bos_token_id": True}, "bos_token_id"),
    ],
)
def test_generation_settings_that_name_no_token_are_refused(
    tiny_t5: Path, tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    folder = copied(tiny_t5, tmp_path / "model")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 1, **changes}), encoding="utf-8")
    with pytest.raises(InputError, match=rf"generation_config\.json.*{field}"):
        load_checkpoint(str(folder), device="cpu")


def test_negative_ids_of_early_conversions_are_none(
    tiny_t5: Path, tmp_path: Path, short_outputs: Callable[[int], None]
) -> None:
    short_outputs(5)
    folder = copied(tiny_t5, tmp_path / "model")
    settings = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    (folder / "generation_config.json").write_text(json.dumps({**settings, "pad_token_id": -1}), encoding="utf-8")
    loaded, plain = (load_checkpoint(str(path), device="cpu") for path in (folder, tiny_t5))
    for checkpoint in (loaded, plain):
        use_protocol_settings(checkpoint)
    assert generate(loaded, ["hi", "did george"]) == generate(plain, ["hi", "did george"])
