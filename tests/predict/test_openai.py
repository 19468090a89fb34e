from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gner_bench import load_predictions, score
from gner_bench.answers import AnswerFormat, Mentions, answer_format
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.record import read_records
from gner_bench.errors import GnerBenchError, InputError, UnreachableError, UsageError
from gner_bench.fetch import http
from gner_bench.predict import engine
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.backends.openai import OPENAI, THREAD
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, Task, plan
from gner_bench.scoring.scores import warnings_of

from .echo import ONE_BY_ONE
from .loopback import KEY, MODEL, Api, Fault


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the waits between attempts short, and forgets the key of whoever runs the tests."""
    monkeypatch.setattr(http, "FIRST_WAIT", 0.01)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@pytest.fixture
def api() -> Iterator[Api]:
    api = Api()
    yield api
    if not api.stopped:
        api.stop()


@pytest.fixture
def server(api: Api) -> SystemOptions:
    return SystemOptions(MODEL, "openai", base_url=api.url, attempts=4, timeout=5)


def backend_of(system: SystemOptions) -> Backend:
    return OPENAI.make(system, Options(None, Path()))


def tasks_of(backend: Backend, count: int, words: str = "w") -> list[Task]:
    """Sentences of two words, of which the last says their number."""
    sentences = [Sentence(str(i), ("see", f"{words}{i}"), ("O", "O")) for i in range(count)]
    return plan(Dataset("news", "test", ("person",), tuple(sentences)), "file", 0, Asking(wrapping=backend.wrapping))


def texts(backend: Backend, tasks: list[Task]) -> dict[str, str]:
    return {task.sentence.id: generation.text for task, generation in backend.decode(tasks)}


def expected(count: int) -> dict[str, str]:
    return {str(i): f"said w{i}" for i in range(count)}


def test_what_is_sent_and_what_comes_back(api: Api, server: SystemOptions) -> None:
    backend = backend_of(replace(server, stop=("\n\n",)))
    [(task, generation)] = backend.decode(tasks_of(backend, 1))
    assert (generation.text, generation.tokens, generation.finish) == ("said w0", 7, "stop")
    assert task.key == ("news", "test", "0")
    path, _, body = api.asked[-1]
    assert path == "/v1/completions"
    assert body.pop("prompt") == task.prompt
    assert task.prompt.startswith("[INST] Please analyze")
    assert body == {
        "model": MODEL,
        "temperature": 0,
        "top_p": 1,
        "n": 1,
        "seed": 0,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "max_tokens": 640,
        "stop": ["\n\n"],
    }


def test_chat_sends_one_message_without_the_wrapping(api: Api, server: SystemOptions) -> None:
    backend = backend_of(replace(server, api="chat"))
    assert texts(backend, tasks_of(backend, 2)) == expected(2)
    path, _, body = api.asked[-1]
    assert path == "/v1/chat/completions"
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["messages"][0]["content"].startswith("Please analyze")


def test_what_run_json_is_told(server: SystemOptions) -> None:
    backend = backend_of(server)
    assert backend.name == "GNER-LLaMA-7B"
    assert backend.model.source == server.base_url
    assert backend.model.files == {}
    assert backend.model.more["weights"] == "not verifiable"
    assert backend.model.more["served"] == {"owned_by": "vllm", "max_model_len": 2048}
    assert backend.settings["model"] == MODEL
    assert backend.settings["max_new_tokens"] == 640
    assert backend.tokenizer is None


def test_the_key_is_sent_and_written_nowhere(api: Api, server: SystemOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    backend = backend_of(server)
    assert texts(backend, tasks_of(backend, 1)) == expected(1)
    assert {headers["Authorization"] for _, headers, _ in api.asked} == {f"Bearer {KEY}"}
    api.faults = [Fault(403, {"error": {"message": f"{KEY} may not"}})]
    with pytest.raises(GnerBenchError) as refused:
        texts(backend, tasks_of(backend, 1))
    for written in (backend.model, backend.settings, backend.statistics(), server, str(refused.value)):
        assert KEY not in str(written)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(429, {"error": "slow down"}, retry_after="0"),
        Fault(500, {"error": {"message": "oops"}}),
        Fault(503),
        Fault(408),
        Fault(cut=True),
        Fault(hold=1.0),
        Fault(raw=b"<html>"),
        Fault(raw=b'{"choices": []}'),
        Fault(raw=b'{"choices": [{"text": "half", "finish_reason": "abort"}]}'),
    ],
    ids=lambda fault: str(fault.status or fault.raw or ("cut" if fault.cut else "time-out")),
)
def test_what_may_pass_is_asked_again(api: Api, server: SystemOptions, fault: Fault) -> None:
    # A busy machine may take longer for the others, too, than an answer that is held back is waited for.
    backend = backend_of(replace(server, timeout=0.4 if fault.hold else 60))
    api.faults = [fault, fault]
    assert texts(backend, tasks_of(backend, 3)) == expected(3)
    counted = backend.statistics()
    assert counted["requests"] == 3 + counted["retries"]
    assert counted["retries"] == 2 or (fault.hold and counted["retries"] > 2)


def test_retry_after_is_waited_for(api: Api, server: SystemOptions) -> None:
    backend = backend_of(server)
    api.faults = [Fault(429, retry_after="1")]
    started = time.monotonic()
    assert texts(backend, tasks_of(backend, 1)) == expected(1)
    assert time.monotonic() - started >= 1
    assert backend.statistics()["seconds_waited"] >= 1


def test_a_server_that_comes_back_loses_nothing(api: Api, server: SystemOptions) -> None:
    api.hold = 0.02
    backend = backend_of(replace(server, attempts=12, concurrency=4))
    answers = {}
    for task, generation in backend.decode(tasks_of(backend, 40)):
        answers[task.sentence.id] = generation.text
        if len(answers) == 10:
            api.stop()
            threading.Timer(0.3, api.start).start()
    assert answers == expected(40)
    assert backend.statistics()["retries"] > 0


def test_a_server_that_is_gone_for_good(api: Api, server: SystemOptions) -> None:
    backend = backend_of(replace(server, concurrency=2))
    answers = backend.decode(tasks_of(backend, 40))
    next(answers)
    api.stop()
    with pytest.raises(UnreachableError, match=r"finished sentences are kept, and the same command continues") as gone:
        list(answers)
    assert str(gone.value).startswith(f"{server.base_url}: cannot be reached any more")
    assert "\n" not in str(gone.value)


def test_what_keeps_failing_is_named(api: Api, server: SystemOptions) -> None:
    backend = backend_of(server)
    api.faults_of["w1"] = [Fault(500, {"error": {"message": "cuda\n  error"}})] * 4
    with pytest.raises(GnerBenchError, match=r"HTTP 500: cuda error \(4 attempts at sentence news/test/1\)"):
        texts(backend, tasks_of(backend, 3))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "maximum context length is 2048\ntokens"}}, "maximum context length is 2048 tokens"),
        ({"object": "error", "message": "too long"}, "too long"),
        ({"detail": "pinned to 'x'"}, "pinned to 'x'"),
        (b"plain text", "plain text"),
        ([1], r"\[1\]"),
        (b"", "Bad Request"),
    ],
)
def test_a_refused_sentence_is_named_at_once(api: Api, server: SystemOptions, body: Any, said: str) -> None:
    backend = backend_of(server)
    api.faults_of["w2"] = [Fault(400, body)]
    with pytest.raises(GnerBenchError, match=f"sentence news/test/2: HTTP 400: {said}$"):
        texts(backend, tasks_of(backend, 5))
    assert backend.statistics()["retries"] == 0


def test_concurrency_is_reached_and_kept(api: Api, server: SystemOptions) -> None:
    api.hold = 0.03
    backend = backend_of(replace(server, concurrency=6))
    assert texts(backend, tasks_of(backend, 60)) == expected(60)
    assert api.most_active == 6


def test_few_requests_run_ahead_of_a_slow_reader(api: Api, server: SystemOptions) -> None:
    backend = backend_of(replace(server, concurrency=3))
    answers = backend.decode(tasks_of(backend, 100))
    next(answers)
    time.sleep(0.3)
    assert len(api.posts) <= 7
    answers.close()  # type: ignore[attr-defined]


def test_results_come_in_any_order(api: Api, server: SystemOptions) -> None:
    api.faults_of["w0"] = [Fault(hold=0.3)]
    backend = backend_of(server)
    answers = texts(backend, tasks_of(backend, 8))
    assert list(answers)[-1] == "0"
    assert answers == expected(8)
    assert texts(backend, tasks_of(backend, 8)[::-1]) == answers


@pytest.mark.parametrize("how", ["close", "interrupt"])
def test_leaving_early_cancels_what_is_under_way(api: Api, server: SystemOptions, how: str, caplog: Any) -> None:
    api.hold = 30.0
    api.faults_of["w0"] = [Fault()]
    backend = backend_of(replace(server, timeout=60))
    answers = backend.decode(tasks_of(backend, 50))
    started = time.monotonic()
    next(answers)
    if how == "close":
        answers.close()  # type: ignore[attr-defined]
    else:
        with pytest.raises(KeyboardInterrupt):
            answers.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert time.monotonic() - started < 5
    assert not [thread for thread in threading.enumerate() if thread.name == THREAD]
    assert len(api.posts) <= 17
    assert not caplog.records


def test_a_model_that_is_not_there(api: Api, server: SystemOptions) -> None:
    with pytest.raises(UsageError, match=r"serves no model 'GNER-LLaMA-7B'; did you mean 'lab/GNER-LLaMA-7B'\?"):
        backend_of(replace(server, model="GNER-LLaMA-7B"))
    api.models = {"data": [{"id": "x/y", "owned_by": "x"}, {"id": "gpt2", "owned_by": ""}]}
    assert backend_of(server).model.more["served"] == {}  # the listing of `transformers serve`


@pytest.mark.parametrize("models", [{}, [], b"no JSON", {"data": [{"name": "x"}]}, {"data": None}, {"data": []}])
def test_a_server_that_does_not_list_its_models(api: Api, server: SystemOptions, models: Any) -> None:
    api.models = models
    backend = backend_of(server)
    assert texts(backend, tasks_of(backend, 1)) == expected(1)


@pytest.mark.parametrize("status", [404, 405, 500])
def test_a_server_without_that_route(api: Api, server: SystemOptions, status: int) -> None:
    api.models_statuses = [status]
    assert backend_of(server).model.more["served"] == {}


def test_a_server_that_is_still_loading(api: Api, server: SystemOptions) -> None:
    api.models_statuses = [503, 503, 429]
    assert backend_of(server).model.more["served"]
    api.models_statuses = [503] * 4
    with pytest.raises(GnerBenchError, match="HTTP 503"):
        backend_of(server)


def test_a_server_that_wants_a_key(api: Api, server: SystemOptions) -> None:
    api.models_statuses = [401]
    with pytest.raises(GnerBenchError, match=r"HTTP 401.*\$OPENAI_API_KEY"):
        backend_of(server)


def test_nobody_listens(api: Api, server: SystemOptions) -> None:
    api.stop()
    started = time.monotonic()
    with pytest.raises(UnreachableError, match=r"cannot be reached .* is it running"):
        backend_of(server)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "changes",
    [
        {"base_url": "127.0.0.1:8000/v1"},
        {"base_url": "http://me:secret@127.0.0.1/v1"},
        {"base_url": "http://127.0.0.1/v1?key=secret"},
        {"base_url": "http://127.0.0.1:port/v1"},
        {"base_url": "http://[::1/v1"},
        {"concurrency": 0},
        {"attempts": 0},
        {"timeout": 0},
    ],
    ids=str,
)
def test_settings_that_cannot_work(server: SystemOptions, changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as refused:
        backend_of(replace(server, **changes))
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("usage", [None, {}, {"completion_tokens": None}])
def test_uncounted_tokens_are_noted(api: Api, server: SystemOptions, usage: Any) -> None:
    api.usage = usage
    backend = backend_of(server)
    [(_, generation)] = backend.decode(tasks_of(backend, 1))
    assert generation.tokens == 0
    assert backend.statistics()["outputs_of_unknown_length"] == 1


def test_an_output_at_the_limit(api: Api, server: SystemOptions) -> None:
    answer = {"choices": [{"message": {"content": None}, "finish_reason": "length"}]}
    api.faults = [Fault(raw=json.dumps(answer).encode())]
    backend = backend_of(replace(server, api="chat"))
    [(_, generation)] = backend.decode(tasks_of(backend, 1))
    assert (generation.text, generation.finish) == ("", "length")


def test_the_total_limit_counts_the_prompt(api: Api, server: SystemOptions, tiny_llama: Path) -> None:
    from transformers import AutoTokenizer

    backend = backend_of(replace(server, tokenizer=tiny_llama))
    assert backend.tokenizer is not None
    tasks = tasks_of(backend, 1) + tasks_of(backend, 1, "Penélope\u3000李 ")
    tasks += tasks_of(backend, 1, "long " * 2000)
    texts(backend, tasks)
    tokenizer = AutoTokenizer.from_pretrained(tiny_llama)
    lengths = {task.prompt: len(tokenizer(task.prompt)["input_ids"]) for task in tasks}
    assert {body["prompt"]: body["max_tokens"] for body in api.posts} == {
        prompt: max(1280 - length, 1) for prompt, length in lengths.items()
    }


def test_a_bad_tokenizer(server: SystemOptions, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no tokenizer here"):
        backend_of(replace(server, tokenizer=tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="is not a tokenizer file"):
        backend_of(replace(server, tokenizer=tmp_path))


@pytest.mark.parametrize("finish", ["content_filter", "tool_calls", "stop", "length"])
def test_an_answer_without_content_is_recorded_at_once(api: Api, server: SystemOptions, finish: str) -> None:
    answer = {"choices": [{"message": {"content": None}, "finish_reason": finish}], "usage": {"completion_tokens": 0}}
    api.faults_of["w1"] = [Fault(raw=json.dumps(answer).encode())]
    backend = backend_of(replace(server, api="chat"))
    answers = {task.sentence.id: generation for task, generation in backend.decode(tasks_of(backend, 3))}
    assert (answers["1"].text, answers["1"].finish) == ("", finish)
    assert backend.statistics() | {"seconds_waited": 0} == {
        "requests": 3,
        "retries": 0,
        "seconds_waited": 0,
        "outputs_of_unknown_length": 0,
    }


def test_a_newer_service(api: Api, server: SystemOptions) -> None:
    api.refused = {"max_tokens": "max_completion_tokens", "seed": ""}
    system = replace(server, api="chat")
    with pytest.raises(GnerBenchError, match="--request 'max_tokens->max_completion_tokens' renames it"):
        texts(backend_of(system), tasks_of(backend_of(system), 1))
    renamed = replace(system, request=("max_tokens->max_completion_tokens",))
    with pytest.raises(GnerBenchError, match="--request seed= leaves it out"):
        texts(backend_of(renamed), tasks_of(backend_of(renamed), 1))
    backend = backend_of(replace(renamed, request=(*renamed.request, "seed=")))
    assert texts(backend, tasks_of(backend, 2)) == expected(2)
    assert api.posts[-1]["max_completion_tokens"] == 640
    assert backend.settings["request"] == ["max_tokens->max_completion_tokens", "seed="]


def run(backend: Backend, out: Path, format: AnswerFormat | None = None, count: int = 6, sets: int = 2) -> Path:
    """predictions.jsonl of ``sets`` data sets of ``count`` sentences, asked in the stand-in ``format``."""
    sentences = tuple(Sentence(str(i), ("see", f"w{i}"), ("O", "O")) for i in range(count))
    data = [Dataset(f"news{i}", "test", ("person", "place"), sentences) for i in range(sets)]
    asking = Asking(format or answer_format("gner"), backend.wrapping)
    return engine.predict(backend, data, Options(None, out), asking=asking)


def document(out: Path) -> Any:
    return json.loads((out / "run.json").read_text(encoding="utf-8"))


JSON = AnswerFormat(
    "own",
    "",
    "own-1",
    lambda *_: Mentions([]),
    lambda question: [f"Entities of {' '.join(question.words)}"],
    schema=lambda types: {"type": "object", "properties": {kind: {"type": "array"} for kind in types}},
)


def test_a_server_that_holds_answers_to_a_schema(api: Api, server: SystemOptions, tmp_path: Path) -> None:
    path = run(backend_of(replace(server, api="chat")), tmp_path, JSON)
    assert document(tmp_path)["settings"]["response_format"] == "json_schema"
    assert all("response_format" in body for body in api.posts)
    assert len(api.posts) == 12  # none is asked twice
    assert [json.loads(record.prediction) for record in read_records(path)] == [
        {"person": [f"said w{i}"]} for _ in range(2) for i in range(6)
    ]


@pytest.mark.parametrize("schema", ["refused", "ignored"])
def test_a_server_that_takes_no_schema(
    api: Api, server: SystemOptions, tmp_path: Path, schema: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether it takes one is found out once, and a run that is continued goes by that."""
    api.schema = schema
    system = replace(server, api="chat", concurrency=1)
    path = run(backend_of(system), tmp_path, JSON)
    assert document(tmp_path)["settings"]["response_format"] == schema
    assert f"not held to a JSON schema, which the server {schema}" in capsys.readouterr().err
    assert [record.prediction for record in read_records(path)] == [f"said w{i}" for _ in range(2) for i in range(6)]
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:3]))
    api.schema, before = "taken", len(api.posts)
    assert run(backend_of(system), tmp_path, JSON).read_bytes() == whole
    assert not any("response_format" in body for body in api.posts[before:])


def test_a_server_that_fails_with_a_schema_and_without(api: Api, server: SystemOptions, tmp_path: Path) -> None:
    api.refused = {"max_tokens": ""}
    with pytest.raises(GnerBenchError, match="--request max_tokens= leaves it out"):
        run(backend_of(replace(server, api="chat")), tmp_path, JSON)
    api.refused = {}
    run(backend_of(replace(server, api="chat", request=("max_tokens=",))), tmp_path, JSON)  # nothing was to be kept


def test_a_schema_of_the_users_own(api: Api, server: SystemOptions, tmp_path: Path) -> None:
    system = replace(server, api="chat", request=('response_format={"type": "json_object"}',))
    run(backend_of(system), tmp_path, JSON)
    assert {json.dumps(body["response_format"]) for body in api.posts} == {'{"type": "json_object"}'}
    assert "response_format" not in document(tmp_path)["settings"]


def test_the_questions_about_a_sentence_are_asked_side_by_side(api: Api, server: SystemOptions, tmp_path: Path) -> None:
    api.hold = 0.2
    records = list(read_records(run(backend_of(replace(server, wrapping="plain")), tmp_path, ONE_BY_ONE)))
    assert api.most_active > 1
    assert [json.loads(record.prediction) for record in records[:6]] == [[f"said w{i}"] * 2 for i in range(6)]
    assert "What is person in see w0" in {post["prompt"] for post in api.posts}
    assert records[0].generation["tokens"] == 14


def test_tokens_and_their_price_are_those_of_the_whole_run(
    api: Api, server: SystemOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """12 sentences of 50 and 7 tokens: 600 at $2 a million and 84 at $10 are $0.00204."""
    api.usage = {"prompt_tokens": 50, "completion_tokens": 7}
    system = replace(server, price=(2.0, 10.0), concurrency=1, attempts=1)
    api.faults_of["w4"] = [Fault(500)]
    with pytest.raises(GnerBenchError):
        run(backend_of(system), tmp_path)
    assert document(tmp_path)["status"] == "interrupted"
    asked = document(tmp_path)["statistics"]["requests"]
    assert asked >= 5
    run(backend_of(system), tmp_path)
    statistics = document(tmp_path)["statistics"]
    assert statistics["requests"] == len(api.posts) > 12
    assert statistics["prompt_tokens"] == 600
    assert statistics["completion_tokens"] == 84
    assert statistics["dollars"] == 0.00204
    assert "600 tokens of prompts and 84 of answers: $0.0020" in capsys.readouterr().err


def test_a_price_without_counts_says_so(
    api: Api, server: SystemOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.usage = None
    run(backend_of(replace(server, price=(2.0, 10.0))), tmp_path)
    assert "$0.0000; 12 answers were not counted" in capsys.readouterr().err


def test_other_finish_reasons_are_counted_and_told(
    api: Api, server: SystemOptions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}
    api.faults_of["w2"] = [Fault(raw=json.dumps(answer).encode())] * 2
    said: list[str] = []
    backend = backend_of(replace(server, api="chat"))
    data = [Dataset("news", "test", ("person",), tuple(Sentence(str(i), (f"w{i}",), ("O",)) for i in range(4)))]
    engine.predict(backend, data, Options(None, tmp_path), said.append)
    assert said == ["GNER-LLaMA-7B: 1 answers ended with the finish reason 'content_filter'"]
    assert document(tmp_path)["cut"] == {"content_filter": 1, "input_cut": 0, "length": 0}
    warnings = list(warnings_of(score(load_predictions(tmp_path))))
    assert "answers that ended with the finish reason 'content_filter': 1" in warnings


def test_a_known_checkpoint_is_called_what_it_is(api: Api, server: SystemOptions) -> None:
    assert backend_of(server).model.training_sets == ("Pile-NER-type",)


needs_serve = pytest.mark.skipif(
    not all(map(find_spec, ("fastapi", "uvicorn", "openai"))),
    reason="needs transformers[serving] (fastapi, uvicorn, openai), which is not installed",
)


@pytest.fixture(scope="module")
def tiny_llama(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaMA checkpoint with random weights, the real SentencePiece model and a repetition penalty of its own."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("served-llama")
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=2048
    )
    model: Any = LlamaForCausalLM(config)
    model.generation_config.repetition_penalty = 5.0
    model.save_pretrained(folder)
    shutil.copyfile(shared / "tokenizers/llama/tokenizer.model", folder / "tokenizer.model")
    template = "{{ bos_token + ' ' }}{% for message in messages %}{{ message['content'] }}{% endfor %}"
    settings = {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True, "chat_template": template}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def transformers_serve(tiny_llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real `transformers serve` of that checkpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(tiny_llama), "--device", "cpu"]
    log = (tmp_path_factory.mktemp("serve") / "log").open("w+")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log, env=environment
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()
        log.close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "transformers serve ended"
        time.sleep(0.1)
    raise AssertionError("transformers serve does not answer")


@needs_serve
@pytest.mark.parametrize("form", ["completions", "chat"])
def test_transformers_serve_writes_what_generate_does(
    form: Any, transformers_serve: str, tiny_llama: Path, short_outputs: Callable[[int], None]
) -> None:
    from gner_bench.predict.checkpoint import load_checkpoint
    from gner_bench.predict.decode.batched import generate, use_protocol_settings

    server = SystemOptions(str(tiny_llama), "openai", base_url=transformers_serve, api=form, attempts=2)
    backend = backend_of(replace(server, tokenizer=tiny_llama, max_new_tokens=30))
    tasks = tasks_of(backend, 8) + tasks_of(backend, 4, "Penélope 李 ")
    answers = {task.prompt: generation for task, generation in backend.decode(tasks)}
    checkpoint = load_checkpoint(str(tiny_llama), device="cpu")
    use_protocol_settings(checkpoint)
    for task in tasks:
        prompt = task.prompt
        length = len(checkpoint.tokenizer(prompt)["input_ids"])
        short_outputs(length + 30)
        local = generate(checkpoint, [prompt])[0]
        assert (answers[prompt].text, answers[prompt].tokens, answers[prompt].finish) == (
            local.text,
            local.tokens,
            "length",
        )
        assert local.tokens > 20


@needs_serve
def test_transformers_serve_refuses_another_model(transformers_serve: str) -> None:
    backend = backend_of(SystemOptions("lab/other", "openai", base_url=transformers_serve, attempts=2))
    with pytest.raises(GnerBenchError, match=r"sentence news/test/0: HTTP 400: Server is pinned to"):
        texts(backend, tasks_of(backend, 1))
