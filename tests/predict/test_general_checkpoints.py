"""Checkpoints of any architecture on this machine: how they are asked, in which limits, and what decodes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from gner_bench.answers import AnswerFormat, Question, answer_format
from gner_bench.answers.gner import prompt
from gner_bench.data import Sentence
from gner_bench.documents.record import read_records
from gner_bench.errors import InputError, UsageError
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.backends.local import make, verify_run
from gner_bench.predict.checkpoint import load_checkpoint
from gner_bench.predict.decode.batched import generate, shares_beginnings, use_protocol_settings
from gner_bench.predict.engine import run_prediction
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, Task

pytestmark = pytest.mark.slow
Build = Callable[..., Path]


def options(corpus: Path, out: Path, **changes: Any) -> Options:
    return Options(corpus, out, ("mit-movie",), **changes)


def settings(out: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((out / "run.json").read_text(encoding="utf-8"))["settings"]
    return document


def test_a_chat_template_gives_the_ids_that_transformers_gives_with_one_begin_token(tiny_qwen: Path) -> None:
    checkpoint = replace(load_checkpoint(str(tiny_qwen), device="cpu"), wrapping="chat", format="list")
    tokenizer = AutoTokenizer.from_pretrained(tiny_qwen)
    expected = tokenizer.apply_chat_template([{"role": "user", "content": "did george"}], add_generation_prompt=True)
    ((ids, room, cut),) = checkpoint.prompt_ids(["did george"])
    assert ids == expected["input_ids"]
    assert ids.count(tokenizer.bos_token_id) == 1
    turn = tokenizer("</s><|assistant|>", add_special_tokens=False)["input_ids"]
    assert ids[-len(turn) :] == turn
    assert (room, cut) == (512 - len(ids), False)


def test_a_chat_template_with_the_day_in_it_has_the_same_day_tomorrow(build: Build) -> None:
    template = "{{ strftime_now('%d %b %Y') }} {{ strftime_now('%Y-%m-%d') }} {{ messages[0].content }}"
    checkpoint = replace(load_checkpoint(str(build(template=template)), device="cpu"), wrapping="chat")
    assert checkpoint.prompting.rendered("hi") == "26 Jul 2024 2024-07-26 hi"


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (None, "has no chat template; choose another --wrapping"),
        ("{{ raise_exception('no\nuser') }}", "takes no prompt"),
    ],
)
def test_a_chat_template_that_is_missing_or_takes_no_prompt_is_one_line(
    build: Build, template: str | None, reason: str
) -> None:
    system = SystemOptions(str(build(template=template)), wrapping="chat", device="cpu")
    with pytest.raises(InputError, match=reason) as caught:
        make(system, Options(None, Path(), decoding="greedy"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "template", "format", "asked", "wrapping"),
    [
        ("qwen2", True, "list", None, "chat"),
        ("qwen2", False, "list", None, "inst"),
        ("qwen2", True, "gner", None, "inst"),
        ("qwen2", True, "list", "plain", "plain"),
        ("t5", False, "list", None, "plain"),
        ("t5", False, "gner", "inst", "inst"),
    ],
)
def test_what_goes_around_a_prompt(
    build: Build, tiny_t5: Path, kind: str, template: bool, format: str, asked: Any, wrapping: str
) -> None:
    folder = tiny_t5 if kind == "t5" else build(kind) if template else build(kind, template=None)
    backend = make(SystemOptions(str(folder), format=format, wrapping=asked, device="cpu"), Options(None, Path()))
    assert backend.wrapping == wrapping


def test_a_format_that_says_how_it_is_wrapped_and_limited_is_followed(
    tiny_qwen: Path, each_type: AnswerFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gner_bench.answers import ANSWERS

    monkeypatch.setitem(ANSWERS._loaded, "each-type", replace(each_type, wrapping="plain"))
    system = SystemOptions(str(tiny_qwen), format="each-type", device="cpu")
    backend = make(system, Options(None, Path()))
    assert (backend.wrapping, backend.settings["max_new_tokens"]) == ("plain", 9)
    backend = make(replace(system, wrapping="inst", max_new_tokens=7), Options(None, Path()))
    assert (backend.wrapping, backend.settings["max_new_tokens"]) == ("inst", 7)


@pytest.mark.parametrize(
    ("kind", "format", "asked", "limits"),
    [
        ("t5", "gner", None, (640, 640, None)),
        ("t5", "gner", 20, (640, 20, None)),
        ("t5", "list", None, (None, 640, None)),  # T5 has as many positions as one likes
        ("qwen2", "gner", None, (None, None, 1280)),
        ("qwen2", "gner", 20, (None, 20, 1280)),
        ("qwen2", "list", None, (None, 640, 512)),
        ("qwen2", "list", 20, (None, 20, 512)),
    ],
)
def test_the_limits_of_gners_texts_are_the_families_and_of_others_the_models(
    tiny_qwen: Path, tiny_t5: Path, kind: str, format: str, asked: int | None, limits: tuple[int | None, ...]
) -> None:
    folder = tiny_t5 if kind == "t5" else tiny_qwen
    system = SystemOptions(str(folder), format=format, max_new_tokens=asked, device="cpu")
    backend = make(system, Options(None, Path()))
    assert tuple(backend.settings[f"max_{name}_tokens"] for name in ("input", "new", "total")) == limits


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_the_settings_of_gner_checkpoints_are_those_of_their_earlier_runs(
    tiny_t5: Path, tiny_llama: Path, kind: str
) -> None:
    """A run.json of the edition before must be continued: these are its keys and values, and no others."""
    limits = {"t5": (640, 640, None), "llama": (None, None, 1280)}[kind]
    backend = make(SystemOptions(str(tiny_t5 if kind == "t5" else tiny_llama), device="cpu"), Options(None, Path()))
    assert backend.settings == {
        "backend": "transformers",
        "decoding": "drafted",
        "num_beams": 1,
        "dtype": "fp32",
        "max_input_tokens": limits[0],
        "max_new_tokens": limits[1],
        "max_total_tokens": limits[2],
        "clean_up_tokenization_spaces": False,
    }


def test_prompts_over_the_models_positions_are_cut_and_counted(tiny_qwen: Path) -> None:
    checkpoint = replace(load_checkpoint(str(tiny_qwen), device="cpu"), format="list", wrapping="plain")
    ((ids, room, cut), (_, _, whole)) = checkpoint.prompt_ids(["hi " * 900, "hi"])
    assert (len(ids), room, cut, whole) == (511, 1, True, False)


@pytest.mark.parametrize(
    ("kind", "sizes", "why"),
    [
        ("qwen2", {}, "T5 and LLaMA, and .* is a qwen2 checkpoint"),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}, "dynamic positions"),
    ],
)
def test_other_checkpoints_write_gners_text_greedily_and_say_so(
    build: Build, capsys: pytest.CaptureFixture[str], kind: str, sizes: dict[str, Any], why: str
) -> None:
    system = SystemOptions(str(build(kind, **sizes)), device="cpu")
    assert make(system, Options(None, Path())).settings["decoding"] == "greedy"
    assert "decoded greedily" in capsys.readouterr().err
    with pytest.raises(UsageError, match=rf"constrained decoding is for {why}" if kind == "qwen2" else why):
        make(system, Options(None, Path(), decoding="constrained"))
    with pytest.raises(UsageError, match="--draft-from is for"):
        make(system, Options(None, Path(), draft_from=Path("x")))


def test_end_tokens_are_the_tokenizers_too_after_a_chat_template(build: Build) -> None:
    """Qwen's configuration names <|endoftext|>, and its turns end in <|im_end|>."""
    checkpoint = load_checkpoint(str(build(eos_token_id=5)), device="cpu")
    own = checkpoint.tokenizer.eos_token_id
    assert checkpoint.end_tokens == {5}
    assert replace(checkpoint, wrapping="chat").end_tokens == {5, own}
    chat = replace(checkpoint, wrapping="chat")
    use_protocol_settings(chat)
    assert chat.model.generation_config.eos_token_id == sorted({5, own})


ASKS = [
    f"did george clooney {what} what describes {kind} in the text"
    for what in ("make a musical show", "hi", "show me a rather longer sentence with penélope cruz in it")
    for kind in ("actor", "genre of it", "x y z")
]
OWNERS = [0, 0, 0, 1, 1, 1, 2, 2, 2]


@pytest.mark.parametrize("kind", ["qwen2", "llama", "qwen3", "mistral"])
@pytest.mark.parametrize("wrapping", ["plain", "chat"])
def test_what_prompts_of_a_sentence_begin_with_is_read_once_and_changes_nothing(
    build: Build, kind: str, wrapping: Any
) -> None:
    sizes = {"sliding_window": None} if kind == "mistral" else {}
    checkpoint = load_checkpoint(str(build(kind, **sizes)), dtype="fp32", device="cpu")
    checkpoint = replace(checkpoint, format="list", wrapping=wrapping, max_new_tokens=12)
    use_protocol_settings(checkpoint)
    alone = [generate(checkpoint, [text])[0] for text in ASKS]
    assert len({generation.text for generation in alone}) > 4
    read: list[int] = []
    embed = checkpoint.model.get_input_embeddings()
    embed.register_forward_hook(lambda _, inputs, __: read.append(inputs[0].numel()))
    assert shares_beginnings(checkpoint)
    assert generate(checkpoint, ASKS, OWNERS) == alone
    shared = sum(read)
    read.clear()
    assert generate(checkpoint, ASKS) == alone
    assert shared < sum(read)
    # Asks of a sentence that is alone in the batch, and of one that was parted by its border.
    assert generate(checkpoint, ASKS[2:7], OWNERS[2:7]) == alone[2:7]


def test_where_beginnings_cannot_be_shared(tiny_t5: Path, build: Build) -> None:
    """An encoder reads both ways; a window of attention counts places in the cache."""
    for folder in (tiny_t5, build("mistral", sliding_window=8)):
        assert not shares_beginnings(load_checkpoint(str(folder), device="cpu"))


@pytest.mark.parametrize("batch", [2, 7])
def test_several_asks_a_sentence_are_one_record_whatever_the_batch(
    tiny_qwen: Path, corpus: Path, tmp_path: Path, each_type: AnswerFormat, batch: int
) -> None:
    system = SystemOptions(str(tiny_qwen), format="each-type", device="cpu")
    records = list(read_records(run_prediction(system, options(corpus, tmp_path, batch_size=batch), print)))
    assert len(records) == 3
    checkpoint = replace(load_checkpoint(str(tiny_qwen), device="cpu"), format="each-type")
    use_protocol_settings(checkpoint)
    for record in records:
        asked = each_type.ask(Question(record.words, record.types))
        assert json.loads(record.prompt) == asked
        assert json.loads(record.prediction) == [generate(checkpoint, [text])[0].text for text in asked]
    assert verify_run(checkpoint, tmp_path / "predictions.jsonl", 3) == [
        "Compared with plain greedy decoding in fp32: 0 of 3 differ."
    ]
    recorded = settings(tmp_path)
    assert (recorded["wrapping"], len(recorded["chat_template"]), recorded["format"]) == ("chat", 64, "each-type")


def test_a_run_is_not_continued_with_another_wrapping_or_limit(
    tiny_qwen: Path, corpus: Path, tmp_path: Path, each_type: AnswerFormat
) -> None:
    system = SystemOptions(str(tiny_qwen), format="each-type", device="cpu")
    run_prediction(system, options(corpus, tmp_path), print)
    for other, what in (
        (replace(system, wrapping="plain"), "wrapping"),
        (replace(system, max_new_tokens=5), "max_new"),
    ):
        with pytest.raises(InputError, match=f"this folder holds a run with .*{what}"):
            run_prediction(other, options(corpus, tmp_path), print)


@pytest.mark.parametrize("changes", [{"decoding": "constrained"}, {"num_beams": 3}])
def test_decodings_of_our_own_are_refused_for_other_backends(corpus: Path, tmp_path: Path, changes: Any) -> None:
    system = SystemOptions("x", backend="openai", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(UsageError, match="is not for --backend openai"):
        run_prediction(system, options(corpus, tmp_path, **changes), print)


def task(words: list[str], types: tuple[str, ...] = ("actor", "genre"), format: str = "gner") -> Task:
    sentence = Sentence("0", tuple(words), ("O",) * len(words))
    return Task("news", "test", types, sentence, Asking(answer_format(format)))


@pytest.mark.parametrize("kind", ["t5", "llama"])
def test_windows_fit_the_limits_of_prompt_and_output(tiny_t5: Path, tiny_llama: Path, kind: str) -> None:
    """Checked by the tokenizer itself: the whole prompt of each window, and GNER's text of it with every word O."""
    checkpoint = load_checkpoint(str(tiny_t5 if kind == "t5" else tiny_llama), device="cpu")
    words = [word for i in range(90) for word in ("Did", f"George{i}", "sing", "(", "loud", ")", "?")]
    long = task(words)
    parted = checkpoint.prompting.windows(long)
    assert [first for first, _ in parted.parts[1:]] == [end for _, end in parted.parts[:-1]]
    assert (parted.parts[0][0], parted.parts[-1][1]) == (0, len(words))
    assert 1 < len(parted.parts) < 90
    assert parted.size > parted.most
    tokens = lambda text: len(checkpoint.tokenizer(text)["input_ids"])  # noqa: E731
    for first, end in parted.parts:
        part = words[first:end]
        ((_, room, cut),) = checkpoint.prompt_ids([prompt(part, long.types)])
        assert not cut
        assert tokens(" ".join(f"{word}(O)" for word in part)) <= room
        assert part[-1] == "?"
    assert checkpoint.prompting.windows(task(words[:20])).parts == [(0, 20)]


def test_a_prompt_that_leaves_no_room_for_text_is_one_line(tiny_t5: Path) -> None:
    checkpoint = load_checkpoint(str(tiny_t5), device="cpu")
    with pytest.raises(UsageError, match=r"the prompt takes \d+ tokens without the text, which leaves no room for it"):
        checkpoint.prompting.windows(task(["hi"], tuple(f"kind of thing {i}" for i in range(200))))
