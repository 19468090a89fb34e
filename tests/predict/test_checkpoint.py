from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoModelForSeq2SeqLM

from gner_bench.data import Sentence
from gner_bench.demo import CHECKPOINT
from gner_bench.errors import GnerBenchError, InputError
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.decode.speculative import SpeculativeDecoder
from gner_bench.predict.plan import Task


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
    task = Task("news", "test", ("actor",), Sentence("0", ("did", "george", "clooney"), ("O",) * 3), "plain")
    plain, spread = (load_checkpoint(str(tiny_t5), device=device) for device in ("cpu", "map"))
    assert [g for _, g in SpeculativeDecoder(plain, 2)([task])] == [g for _, g in SpeculativeDecoder(spread, 2)([task])]
