"""Prompts get the token ids that GNER's own code gave them, in every form of checkpoint folder or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sentencepiece import SentencePieceProcessor
from transformers import LlamaConfig, T5Config, tokenization_utils_base

from gner_bench.answers.gner import prompt
from gner_bench.data import read_dataset
from gner_bench.errors import InputError
from gner_bench.predict.checkpoint import Checkpoint
from gner_bench.predict.tokenizer import load_tokenizer

FOUR = {"tokenizer_class": "LlamaTokenizer"}
FAST = {"tokenizer_class": "LlamaTokenizerFast"}
AS_SAVED = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
TEXT = "[INST] Sentence: hi [/INST]"
IDS = [1, 518, 25580, 29962, 28048, 663, 29901, 7251, 518, 29914, 25580, 29962]
"""By LlamaTokenizerFast of transformers 4.32 to 4.37 (GNER's requirement); sentencepiece gives the same after 1."""


@pytest.fixture(autouse=True, scope="module")
def merges_once() -> Iterator[None]:
    """Lets transformers make the merges of a vocabulary once: to read LLaMA's takes half a second for each folder."""
    made: dict[Any, list[tuple[str, str]]] = {}
    make = tokenization_utils_base.generate_merges

    def once(vocab: dict[str, int], scores: dict[str, float] | None = None, skip_tokens: Any = None) -> Any:
        key = tuple(vocab.items()), scores and tuple(scores.items()), skip_tokens and frozenset(skip_tokens)
        if key not in made:
            made[key] = make(vocab, scores, skip_tokens)
        return list(made[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokenization_utils_base, "generate_merges", once)
        yield


@pytest.fixture(scope="module")
def tokenizer_json(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tokenizer.json of LLaMA as transformers 5 writes it, without a begin token."""
    folder = tmp_path_factory.mktemp("llama")
    shutil.copyfile(shared / "tokenizers/llama/tokenizer.model", folder / "tokenizer.model")
    tokenizer = load_tokenizer(folder, LlamaConfig())
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    return json.dumps({**backend, "post_processor": None})


@pytest.fixture
def ids_of(shared: Path, tokenizer_json: str, tmp_path: Path) -> Callable[..., list[list[int]]]:
    """The prompt ids of ``texts`` by a LLaMA folder with these files."""

    def build(files: str, settings: dict[str, Any] | None, texts: list[str]) -> list[list[int]]:
        if "model" in files:
            shutil.copyfile(shared / "tokenizers/llama/tokenizer.model", tmp_path / "tokenizer.model")
        if "json" in files:
            (tmp_path / "tokenizer.json").write_text(tokenizer_json, encoding="utf-8")
        if settings is not None:
            (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        config = LlamaConfig()
        tokenizer = load_tokenizer(tmp_path, config)
        model: Any = SimpleNamespace(config=config)
        loaded = Checkpoint("x", "x", None, tmp_path, {}, "", (), model, tokenizer, "fp32")
        return [ids for ids, _, _ in loaded.prompt_ids(texts)]

    return build


@pytest.mark.parametrize("files", ["model", "json", "model, json"])
@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        FOUR,
        FAST,
        {**FOUR, "legacy": True},
        {**FOUR, "legacy": False},
        {**FOUR, "legacy": None, "add_bos_token": True, "add_eos_token": False},
        {**FOUR, "add_eos_token": True},
        {**FAST, "add_bos_token": True, "add_eos_token": True, "legacy": False},
        {"bos_token": {"__type": "AddedToken", "content": "<s>"}, "model_max_length": 2048, "add_eos_token": True},
    ],
)
def test_every_llama_folder_gives_the_ids_of_gners_code(
    ids_of: Callable[..., list[list[int]]], files: str, settings: dict[str, Any] | None
) -> None:
    assert ids_of(files, settings, [TEXT]) == [IDS]


@pytest.mark.parametrize("files", ["model", "json"])
def test_a_folder_that_says_so_has_no_begin_token(ids_of: Callable[..., list[list[int]]], files: str) -> None:
    assert ids_of(files, {**FOUR, "add_bos_token": False}, [TEXT]) == [IDS[1:]]


def test_a_class_without_settings_of_its_own_takes_the_file_as_it_is(ids_of: Callable[..., list[list[int]]]) -> None:
    assert ids_of("json", {**AS_SAVED, "add_bos_token": True}, [TEXT]) == [IDS[1:]]


def test_real_llama_prompts_are_those_of_sentencepiece(shared: Path, ids_of: Callable[..., list[list[int]]]) -> None:
    """The begin token and then sentencepiece's ids of the whole prompt, by the library that LLaMA was trained with."""
    processor = SentencePieceProcessor(model_file=str(shared / "tokenizers/llama/tokenizer.model"))
    prompts = []
    for name in ("crossner_ai", "mit-movie", "TweetNER7"):
        data = read_dataset(shared / "data/gner", name, "test")
        prompts += [prompt(sentence.words, data.types, "inst") for sentence in data.sentences[:60]]
    assert ids_of("model", None, prompts) == [[1, *processor.encode(text)] for text in prompts]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"tokenizer_class": "LLaMATokenizer"}, "tokenizer_class: 'LLaMATokenizer' is no class of transformers"),
        ({**FOUR, "bos_token": "", "eos_token": ""}, "bos_token: expected a token, found ''"),
        ({**FOUR, "bos_token": "<begin>"}, "gives token 32000, which the model does not have"),
        ({**FOUR, "bos_token": 1}, "bos_token: expected a token, found 1"),
        ({"tokenizer_class": 3}, "tokenizer_class: expected str, found int"),
    ],
)
def test_what_gners_code_cannot_read_is_refused(
    ids_of: Callable[..., list[list[int]]], settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        ids_of("model", settings, [TEXT])


def test_a_prompt_is_cut_at_the_limit_of_llama(ids_of: Callable[..., list[list[int]]]) -> None:
    (ids,) = ids_of("model", {**FOUR, "add_eos_token": True}, ["hi " * 2000])
    assert (len(ids), ids[0], 2 in ids) == (1279, 1, False)


@pytest.mark.parametrize("files", [["tokenizer.json"], ["spiece.model"], ["tokenizer.json", "tokenizer_config.json"]])
def test_real_prompts_get_the_token_ids_that_the_public_checkpoints_saw(
    shared: Path, tmp_path: Path, files: list[str]
) -> None:
    for name in files:
        shutil.copyfile(shared / "tokenizers/t5" / name, tmp_path / name)
    tokenizer = load_tokenizer(tmp_path, T5Config(vocab_size=32128))
    lines = (shared / "predictions/gner-t5-base.dev700.jsonl").read_text(encoding="utf-8").splitlines()
    for record in map(json.loads, lines):
        assert tokenizer(record["instance"]["instruction_inputs"])["input_ids"] == record["input_ids"]
