from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.answers import AnswerFormat, Mentions, Wrapping
from gner_bench.data import Sentence
from gner_bench.errors import InputError, UsageError
from gner_bench.predict import requests
from gner_bench.predict.backend import SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Asking, Task
from gner_bench.predict.requests import changed, generation_of, parse_changes, problem_of, requests_of

SERVED = SystemOptions("llm", "openai", base_url="http://127.0.0.1:9/v1")
BODY: dict[str, Any] = {"model": "llm", "prompt": "hi", "temperature": 0, "seed": 0, "max_tokens": 640}


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["seed="], {"temperature": 0, "max_tokens": 640}),
        (["max_tokens->max_completion_tokens", "seed="], {"temperature": 0, "max_completion_tokens": 640}),
        (["max_tokens->options.num_predict"], {"temperature": 0, "seed": 0, "options": {"num_predict": 640}}),
        (["seed=7"], {"temperature": 0, "seed": 7, "max_tokens": 640}),
        (["top_k=1", "min_p=0.5"], {**BODY, "top_k": 1, "min_p": 0.5}),
        (["x.y.z=true", "x.y.w=null"], {**BODY, "x": {"y": {"z": True, "w": None}}}),
        (['x={"a": [1]}', "x.b=two"], {**BODY, "x": {"a": [1], "b": "two"}}),
        (["reasoning_effort=low"], {**BODY, "reasoning_effort": "low"}),
        (["x=->", "y=a=b", 'z=""', "w=NaN"], {**BODY, "x": "->", "y": "a=b", "z": "", "w": "NaN"}),
        (["x= a "], {**BODY, "x": " a "}),
        (["response_format=", "stop->stops"], BODY),  # are sent where format or options have one
        (["x=1", "x->y", "y="], BODY),
    ],
    ids=str,
)
def test_fields_are_set_renamed_and_dropped(texts: list[str], expected: dict[str, Any]) -> None:
    body = changed(BODY, parse_changes(texts))
    assert body == {"model": "llm", "prompt": "hi", **expected}
    assert BODY["max_tokens"] == 640


def test_an_object_of_the_body_stays_as_it_is() -> None:
    body = {"model": "llm", "messages": [{"role": "user"}], "x": {"y": 1}}
    changed(body, parse_changes(["x.y=2"]))
    assert body["x"] == {"y": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed", "expected KEY=VALUE, KEY->NAME or KEY="),
        ("=1", "expected KEY=VALUE"),
        ("->x", "expected KEY=VALUE"),
        ("seed->", "expected KEY=VALUE"),
        ("a..b=1", "expected KEY=VALUE"),
        ("", "expected KEY=VALUE"),
        ("max_token->x", "no such field is sent; did you mean 'max_tokens'?"),
        ("sede=", "no such field is sent; did you mean 'seed'?"),
        ("model=other", "model is what is asked"),
        ("messages=", "messages is what is asked"),
        ("prompt.x=1", "prompt is what is asked"),
        ("stream=true", "answers to it cannot be read"),
        ("echo=1", "answers to it cannot be read"),
    ],
)
def test_requests_that_cannot_be_meant(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_changes([text])
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "text", ["api_key=sk-1", "extra.API-Key=sk-1", "headers.authorization=Bearer sk-1", "auth_token=sk-1", "user=sk-1"]
)
def test_no_secret_goes_into_run_json(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    with pytest.raises(UsageError, match=r"is written into run\.json") as refused:
        parse_changes([text])
    assert "sk-1" not in str(refused.value)


@given(st.lists(st.text(max_size=20), max_size=3))
def test_any_text_is_a_change_or_refused(texts: list[str]) -> None:
    try:
        changes = parse_changes(texts)
        json.dumps(changed(BODY, changes))
    except UsageError:
        pass


def test_a_field_inside_a_number_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(UsageError, match="max_tokens holds no fields"):
        requests_of(replace(SERVED, request=("max_tokens.x=1",)))


@pytest.mark.parametrize(
    ("request_", "decoding"),
    [
        ((), "greedy"),
        (("temperature=0.7",), "sampled"),
        (("temperature=0.0",), "greedy"),
        (("temperature=",), "unknown (server)"),
        (("temperature->options.temperature",), "greedy"),
        (("temperature->options.temperature", "options.temperature=1"), "sampled"),
    ],
)
def test_the_decoding_follows_the_temperature(request_: tuple[str, ...], decoding: str) -> None:
    assert requests_of(replace(SERVED, request=request_)).settings["decoding"] == decoding


def chat(content: Any, finish: Any = "stop", **more: Any) -> Any:
    return {"choices": [{"message": {"role": "assistant", "content": content, **more}, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("answer", "text", "finish"),
    [
        (chat("a(O)"), "a(O)", "stop"),
        (chat("a(O)", None), "a(O)", "stop"),
        (chat("a", "eos_token"), "a", "stop"),
        (chat("a", "end_turn"), "a", "stop"),
        (chat("a", "length"), "a", "length"),
        (chat("a", "MAX_TOKENS"), "a", "length"),
        (chat(None), "", "stop"),
        (chat(""), "", "stop"),
        (chat(None, "length", reasoning_content="long thoughts"), "", "length"),
        (chat(None, "content_filter"), "", "content_filter"),
        (chat("half", "content_filter"), "half", "content_filter"),
        (chat(None, "tool_calls", tool_calls=[{"function": {"name": "f"}}]), "", "tool_calls"),
        (chat(None, refusal="I cannot help with that."), "", "refusal"),
        (chat([{"type": "refusal", "refusal": "No."}]), "", "refusal"),
        (chat("yes", refusal=None), "yes", "stop"),
        (chat([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}, "c", {"type": "image"}]), "abc", "stop"),
        (chat([]), "", "stop"),
        ({"choices": [{"finish_reason": "content_filter"}]}, "", "content_filter"),
        ({"choices": [{"message": None, "finish_reason": "content_filter"}]}, "", "content_filter"),
        ({"choices": [{"text": "t", "finish_reason": "stop"}]}, "t", "stop"),
        ({"choices": [{"text": None, "finish_reason": "length"}]}, "", "length"),
        ({"choices": [{"text": "", "finish_reason": "stop"}]}, "", "stop"),
    ],
)
def test_what_an_answer_says(answer: Any, text: str, finish: str) -> None:
    assert generation_of(answer) == Generation(text, 0, finish)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"error": {"code": 429}},
        {"choices": None},
        {"choices": []},
        {"choices": ["x"]},
        {"choices": [{}]},
        {"choices": [{"text": "half", "finish_reason": "abort"}]},
        {"choices": [{"text": "half", "finish_reason": "error"}]},
        {"choices": [{"text": 7}]},
    ],
)
def test_what_is_no_answer(answer: Any) -> None:
    assert generation_of(answer) is None


@pytest.mark.parametrize(
    ("usage", "tokens", "prompt_tokens"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, 3, 5),
        # Thoughts are part of what is generated and paid for.
        ({"completion_tokens": 90, "completion_tokens_details": {"reasoning_tokens": 80}}, 90, 0),
        ({"prompt_tokens": None, "completion_tokens": "3"}, 0, 0),
        ({"prompt_tokens": True, "completion_tokens": -1}, 0, 0),
        (None, 0, 0),
        ([], 0, 0),
    ],
)
def test_tokens_are_the_servers_count(usage: Any, tokens: int, prompt_tokens: int) -> None:
    generation = generation_of({**chat("a"), "usage": usage})
    assert generation is not None
    assert (generation.tokens, generation.prompt_tokens) == (tokens, prompt_tokens)


KEYS = st.sampled_from(["choices", "message", "content", "text", "usage", "finish_reason", "refusal", "error"])
VALUES = st.none() | st.booleans() | st.integers() | st.text()


@settings(max_examples=30)
@given(st.recursive(VALUES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=10))
def test_no_answer_raises(answer: Any) -> None:
    generation_of(answer)
    problem_of(answer, BODY)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported here. Use 'max_completion_tokens' instead.",
            "--request 'max_tokens->max_completion_tokens' renames it",
        ),
        (
            "Unsupported value: 'temperature' does not support 0 with this model.",
            "--request temperature= leaves it out",
        ),
        ("Unexpected fields in the request: {'seed'}", "--request seed= leaves it out"),
        ("Unrecognized request argument supplied: `seed`", "--request seed= leaves it out"),
        ('property "seed" is unsupported', "--request seed= leaves it out"),
        ("'max_tokens' is too large: this model supports at most 512 tokens", ""),
        ("maximum context length is 2048", ""),
        ("Invalid 'prompt': unsupported", ""),
    ],
)
def test_a_refused_field_is_named_with_the_option_that_helps(said: str, hint: str) -> None:
    assert problem_of({"error": {"message": said}}, BODY) == said + (f"; {hint}" if hint else "")
    assert problem_of({"error": {"message": said}}) == said


def test_a_refused_field_in_other_shapes_of_errors() -> None:
    pydantic = {
        "detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]
    }
    assert problem_of(pydantic, BODY).endswith("; --request seed= leaves it out")
    named = {"error": {"message": "Unsupported parameter for this model.", "param": "seed"}}
    assert problem_of(named, BODY).endswith("; --request seed= leaves it out")


def asked(system: SystemOptions, **format: Any) -> Any:
    sentence = Sentence("0", ("Ann", "saw"), ("O", "O"))
    given = AnswerFormat("own", "", "1", lambda *_: Mentions([]), lambda q: [" ".join(q.words)], **format)
    made = requests_of(system)
    return made.body(Task("news", "test", ("person",), sentence, Asking(given, made.wrapping)), schema=True)


def test_a_schema_is_sent_as_servers_take_it() -> None:
    schema = {"type": "object", "properties": {"person": {"type": "array"}}}
    body = asked(replace(SERVED, api="chat"), schema=lambda types: schema)
    held = {"name": "entities", "strict": True, "schema": schema}
    assert body["response_format"] == {"type": "json_schema", "json_schema": held}
    assert "response_format" not in asked(replace(SERVED, api="chat"))


@pytest.mark.parametrize(
    ("model", "format", "wrapping"),
    [
        ("llm", "", "inst"),
        ("lab/GNER-LLaMA-7B", "", "inst"),
        ("dyyyyyyyy/GNER-T5-xl", "", "plain"),  # a served T5
        ("llm", "entities", "inst"),
        ("llm", "own", "plain"),
        ("llm", "own-inst", "inst"),
    ],
)
def test_the_wrapping_is_that_of_format_or_checkpoint(
    monkeypatch: pytest.MonkeyPatch, model: str, format: str, wrapping: str
) -> None:
    own = {
        name: AnswerFormat(name, "", "own-1", lambda *_: Mentions([]), wrapping=of)
        for name, of in dict[str, Wrapping | None]({"own": None, "own-inst": "inst"}).items()
    }
    known = requests.answer_format
    monkeypatch.setattr(requests, "answer_format", lambda name: own.get(name) or known(name))
    system = replace(SERVED, model=model, format=format)
    assert requests_of(system).wrapping == wrapping
    assert requests_of(replace(system, wrapping="plain")).wrapping == "plain"


def test_prompts_of_chat_models_are_for_the_server_to_wrap(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert requests_of(replace(SERVED, api="chat")).wrapping == "chat"
    own = AnswerFormat("own", "", "own-1", lambda *_: Mentions([]), wrapping="inst")
    monkeypatch.setattr(requests, "answer_format", lambda name: own)
    assert requests_of(replace(SERVED, api="chat")).wrapping == "chat"
    assert "--api chat puts a chat template around that" in capsys.readouterr().err


def test_a_chat_template_over_completions_needs_the_tokenizer(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"^--wrapping chat needs the model's chat template: --api chat leaves it"):
        requests_of(replace(SERVED, wrapping="chat"))
    own = AnswerFormat("own", "", "own-1", lambda *_: Mentions([]), wrapping="chat")
    monkeypatch.setattr(requests, "answer_format", lambda name: own)
    with pytest.raises(UsageError, match=r"^the format own needs the model's chat template"):
        requests_of(SERVED)


@pytest.fixture
def llama(shared: Path, tmp_path: Path) -> Path:
    """A folder with LLaMA's tokenizer and a chat template."""
    (tmp_path / "tokenizer.model").symlink_to(shared / "tokenizers/llama/tokenizer.model")
    template = "{{ bos_token }}<|user|>{{ messages[0]['content'] }}{% if add_generation_prompt %}<|model|>{% endif %}"
    settings = {"tokenizer_class": "LlamaTokenizer", "chat_template": template}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_chat_template_over_completions(llama: Path) -> None:
    body = asked(replace(SERVED, wrapping="chat", tokenizer=llama))
    assert body["prompt"] == "<|user|>Ann saw<|model|>"  # the server puts the begin token before it
    settings = requests_of(replace(SERVED, wrapping="chat", tokenizer=llama)).settings
    assert settings["wrapping"] == "chat"
    assert len(settings["chat_template"]) == 64
    broken = {"tokenizer_class": "LlamaTokenizer", "chat_template": "{{ raise_exception('no system prompt') }}"}
    (llama / "tokenizer_config.json").write_text(json.dumps(broken), encoding="utf-8")
    with pytest.raises(InputError, match="its chat template takes no prompt: no system prompt"):
        requests_of(replace(SERVED, wrapping="chat", tokenizer=llama))
    (llama / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}', encoding="utf-8")
    with pytest.raises(InputError, match="has no chat template; choose another --wrapping"):
        requests_of(replace(SERVED, wrapping="chat", tokenizer=llama))
    dated = {
        "tokenizer_class": "LlamaTokenizer",
        "chat_template": "{{ strftime_now('%d %b %Y') }}: {{ messages[0]['content'] }}",
    }
    (llama / "tokenizer_config.json").write_text(json.dumps(dated), encoding="utf-8")
    body = asked(replace(SERVED, wrapping="chat", tokenizer=llama))
    assert body["prompt"] == "26 Jul 2024: Ann saw"  # the same tomorrow


@pytest.mark.slow
def test_the_limit_is_that_of_options_format_or_family(llama: Path) -> None:
    def limits(**changes: Any) -> tuple[int | None, int | None]:
        settings = requests_of(replace(SERVED, **changes)).settings
        return settings["max_new_tokens"], settings["max_total_tokens"]

    assert limits() == limits(api="chat") == limits(model="GNER-T5-xl", tokenizer=llama) == (640, None)
    assert limits(tokenizer=llama) == limits(model="GNER-LLaMA-7B", tokenizer=llama) == (None, 1280)
    assert limits(tokenizer=llama, max_new_tokens=99) == (99, None)
    assert limits(tokenizer=llama, api="chat") == (640, None)
