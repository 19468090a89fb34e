from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from gner_bench.answers import AnswerFormat, answer_format
from gner_bench.cli import main
from gner_bench.data import Dataset, Sentence
from gner_bench.documents.record import read_records
from gner_bench.errors import IncompleteError, InputError, UsageError
from gner_bench.predict import engine
from gner_bench.predict.backend import Backend, SystemOptions
from gner_bench.predict.backends import batch
from gner_bench.predict.backends.batch import BATCH
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Asking, plan

from .echo import ONE_BY_ONE

SYSTEM = SystemOptions("lab/llm", "batch", api="chat")
GNER = answer_format("gner")
Lines = list[dict[str, Any]]


def data(count: int, sets: Sequence[str] = ("news", "mit-movie")) -> list[Dataset]:
    sentences = tuple(Sentence(str(i), ("see", f"w{i}"), ("O", "O")) for i in range(count))
    return [Dataset(name, "test", ("person", "place"), sentences) for name in sets]


def run(out: Path, format: AnswerFormat = GNER, count: int = 10, system: SystemOptions = SYSTEM) -> Path:
    """One command; predictions.jsonl once all is there."""
    backend = BATCH.make(system, Options(None, out))
    return engine.predict(backend, data(count), Options(None, out), asking=Asking(format, backend.wrapping))


def to_run(out: Path, format: AnswerFormat = GNER, count: int = 10, system: SystemOptions = SYSTEM) -> tuple[str, str]:
    """One command that must not be complete: what it says, and the first file that it says is to be run."""
    with pytest.raises(IncompleteError) as missing:
        run(out, format, count, system)
    name = re.search(r"; run (requests-\d+\.jsonl)", str(missing.value))
    assert name
    return str(missing.value), name[1]


def lines(path: Path) -> Lines:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def answered(request: dict[str, Any], text: str = "") -> dict[str, Any]:
    """The line that vllm run-batch and hosted services write."""
    text = text or f"said {request['body']['messages'][0]['content'].split()[-1]}"
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    response = {"status_code": 200, "request_id": "r", "body": body}
    return {"id": "vllm-1", "custom_id": request["custom_id"], "response": response, "error": None}


def write(path: Path, results: Lines, end: str = "\n") -> None:
    path.write_text("\n".join(map(json.dumps, results)) + end, encoding="utf-8")


def status(out: Path) -> tuple[str, int]:
    document = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return document["status"], document["sentences_done"]


def requests_in(out: Path) -> list[str]:
    return sorted(path.name for path in out.glob("requests-*.jsonl"))


def test_requests_are_written_in_files(tmp_path: Path) -> None:
    said, first = to_run(tmp_path, system=replace(SYSTEM, requests_per_file=8, stop=("\n\n",), request=("seed=",)))
    assert requests_in(tmp_path) == ["requests-0001.jsonl", "requests-0002.jsonl", "requests-0003.jsonl"]
    assert [len(lines(tmp_path / name)) for name in requests_in(tmp_path)] == [8, 8, 4]
    assert said.startswith(f"{tmp_path}: 20 requests without an answer: 20 have no result (news/test/0, news/test/1, ")
    assert f"`vllm run-batch -i {tmp_path / first} -o {tmp_path}/results-0001.jsonl --model lab/llm`" in said
    request = lines(tmp_path / first)[0]
    assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
    message = request["body"].pop("messages")
    assert message[0]["content"].endswith("Sentence: see w0")
    assert request["body"] == {
        "model": "lab/llm",
        "temperature": 0,
        "top_p": 1,
        "n": 1,
        "frequency_penalty": 0,
        "presence_penalty": 0,
        "max_tokens": 640,
        "stop": ["\n\n"],
    }
    assert status(tmp_path) == ("interrupted", 0)


def test_completions_are_not_for_vllm(tmp_path: Path) -> None:
    said, first = to_run(tmp_path, system=replace(SYSTEM, api="completions"))
    assert "vllm run-batch takes --api chat alone" in said
    assert lines(tmp_path / first)[0]["url"] == "/v1/completions"
    assert lines(tmp_path / first)[0]["body"]["prompt"].startswith("[INST] ")


def test_results_complete_the_run(tmp_path: Path) -> None:
    _, first = to_run(tmp_path)
    results = [answered(request) for request in lines(tmp_path / first)]
    random.Random(0).shuffle(results)
    write(tmp_path / "batch_67_output.jsonl", results, end="")
    path = run(tmp_path, system=replace(SYSTEM, price=(1.0, 2.0)))
    assert [record.prediction for record in read_records(path)] == [f"said w{i}" for _ in range(2) for i in range(10)]
    assert status(tmp_path) == ("done", 20)
    statistics = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["statistics"]
    assert (statistics["prompt_tokens"], statistics["dollars"]) == (100, 0.00018)
    assert run(tmp_path) == path
    assert requests_in(tmp_path) == [first]


def test_what_failed_or_is_missing_is_asked_for_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of 20 requests 12 are answered, 4 fail in the ways of services, 2 lines are cut or garbled, 2 are not there."""
    _, first = to_run(tmp_path)
    requests = lines(tmp_path / first)
    broken: Lines = [
        {"response": {"status_code": 429, "body": {"error": {"message": "slow down"}}}, "error": None},
        {"response": {"status_code": 400, "request_id": "r"}, "error": "too long"},  # vllm
        {"response": None, "error": {"code": "batch_expired", "message": "expired"}},
        {"response": {"status_code": 200, "body": {"choices": []}}, "error": None},
    ]
    failed = [line | {"custom_id": request["custom_id"]} for line, request in zip(broken, requests[12:], strict=False)]
    good = [answered(request) for request in requests[:12]]
    again = [good[3], answered(requests[4], "another")]
    foreign = [answered({**requests[0], "custom_id": "someone-else"})]
    write(tmp_path / "results.jsonl", [*failed, *good, *again, *foreign], end=f"\n{json.dumps(good[0])[:90]}")
    (tmp_path / "garbled.jsonl").write_bytes(b'\xff\xfe\n[1]\n{"custom_id": 3}\n\n')
    said, second = to_run(tmp_path)
    assert lines(tmp_path / second) == requests[12:]
    assert "8 requests without an answer: 4 failed, 4 have no result (mit-movie/test/6, mit-movie/test/7, " in said
    assert status(tmp_path) == ("interrupted", 12)
    warned = capsys.readouterr().err
    for line in (
        "4 lines are no whole results and were not read (garbled.jsonl, line 1)",
        "1 results are of no request of this run and were not read ('someone-else' (results.jsonl, line 19))",
        "2 results are of requests that had an answer, 1 with another text (results.jsonl, line 18); the first one",
        "1 requests failed (mit-movie/test/2): HTTP 429: slow down",
        "1 requests failed (mit-movie/test/3): HTTP 400: too long",
        "1 requests failed (mit-movie/test/4): expired",
        "1 requests failed for other reasons",
    ):
        assert line in warned
    assert to_run(tmp_path)[1] == second  # nothing new: the same files
    assert requests_in(tmp_path) == [first, second]
    write(tmp_path / "errors.jsonl", failed)
    write(tmp_path / "results-0002.jsonl", [answered(request) for request in requests[12:]])
    assert [record.prediction for record in read_records(run(tmp_path))][4] == "said w4"
    assert status(tmp_path) == ("done", 20)


def test_a_file_of_which_nothing_came_back_is_still_to_be_run(tmp_path: Path) -> None:
    system = replace(SYSTEM, requests_per_file=8)
    to_run(tmp_path, system=system)
    second = lines(tmp_path / "requests-0002.jsonl")
    write(tmp_path / "two.jsonl", [answered(request) for request in second[:5]])
    said, _ = to_run(tmp_path, system=system)
    assert "run requests-0001.jsonl to requests-0004.jsonl, 3 files, with" in said
    assert lines(tmp_path / "requests-0004.jsonl") == second[5:]
    expired = {"response": None, "error": {"message": "expired"}}
    write(tmp_path / "bad.jsonl", [{"custom_id": request["custom_id"], **expired} for request in second[5:]])
    to_run(tmp_path, system=system)
    assert len(requests_in(tmp_path)) == 4  # it can be run again as it is


def test_a_refused_field_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, first = to_run(tmp_path)
    message = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    response = {"status_code": 400, "body": {"error": {"message": message, "param": "max_tokens"}}}
    write(tmp_path / "r.jsonl", [{"custom_id": r["custom_id"], "response": response} for r in lines(tmp_path / first)])
    to_run(tmp_path)
    assert "--request 'max_tokens->max_completion_tokens' renames it" in capsys.readouterr().err
    to_run(tmp_path, system=replace(SYSTEM, request=("max_tokens->max_completion_tokens",)))
    said = capsys.readouterr().err
    assert "20 results are of no request of this run" in said  # other requests have other ids
    assert lines(tmp_path / "requests-0002.jsonl")[0]["body"]["max_completion_tokens"] == 640


def test_sentences_with_a_part_of_their_answers_stay_open(tmp_path: Path) -> None:
    said, first = to_run(tmp_path, ONE_BY_ONE)
    assert "40 requests without an answer: 40 have no result (news/test/0 question 1, news/test/0 question 2, " in said
    requests = lines(tmp_path / first)
    write(tmp_path / "r1.jsonl", [answered(request, request["custom_id"]) for request in requests[1:]])
    said, second = to_run(tmp_path, ONE_BY_ONE)
    assert "1 requests without an answer: 1 have no result (news/test/0 question 1)" in said
    assert status(tmp_path) == ("interrupted", 19)
    assert lines(tmp_path / second) == requests[:1]
    write(tmp_path / "r2.jsonl", [answered(requests[0], requests[0]["custom_id"])])
    records = list(read_records(run(tmp_path, ONE_BY_ONE)))
    assert [id for record in records for id in json.loads(record.prediction)] == [r["custom_id"] for r in requests]
    assert records[0].generation == {"tokens": 4, "finish": "stop", "prompt_tokens": 10}


@settings(max_examples=30)
@given(st.lists(st.tuples(st.text(max_size=60), st.text(max_size=60)), min_size=1, max_size=20, unique=True))
def test_ids_are_what_services_take(names: list[tuple[str, str]]) -> None:
    backend: Backend = BATCH.make(SYSTEM, Options(None, Path("nowhere")))
    ids = []
    for dataset, id in names:
        asking = Asking(ONE_BY_ONE, backend.wrapping)
        one = Dataset(dataset, "test", ("person", "place"), (Sentence(id, ("same", "words"), ("O", "O")),))
        [task] = plan(one, "file", 0, asking)
        request = backend.decode.__self__.request  # type: ignore[attr-defined]
        ids += [request(replace(task, ask=ask))["custom_id"] for ask in (0, 1, 1)]
    assert len(set(ids)) == 2 * len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", id) for id in ids)


def test_schemas_are_in_the_requests(tmp_path: Path) -> None:
    held = replace(ONE_BY_ONE, several=False, schema=lambda types: {"type": "object"}, ask=lambda q: ["Who?"])
    _, first = to_run(tmp_path, held)
    assert lines(tmp_path / first)[0]["body"]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (
        json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["settings"]["response_format"] == "json_schema"
    )


class KilledError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("format", [GNER, ONE_BY_ONE], ids=["one", "several"])
def test_killed_at_any_moment_a_run_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: AnswerFormat
) -> None:
    """Every write of a line or of a file may be the last; the files are those of a run that nothing stopped."""
    system, chance = replace(SYSTEM, requests_per_file=2), random.Random(1)

    def flow(out: Path, command: Callable[[], object]) -> None:
        """A runner that answers two of three requests, in another order, until all is there."""
        for turn in range(20):
            command()
            waiting = [request for name in requests_in(out) for request in lines(out / name)]
            if status(out)[0] == "done":
                return
            picked = [answered(r) for place, r in enumerate(waiting) if turn > 3 or (place + turn) % 3]
            write(out / f"results-{turn}.jsonl", sorted(picked, key=lambda line: line["custom_id"][::-1]))
        raise AssertionError("never complete")

    def whole() -> None:
        with suppress(IncompleteError):
            run(tmp_path / "whole", format, 3, system)

    flow(tmp_path / "whole", whole)

    def fragile(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if chance.random() < 0.1:
                raise KilledError
            return function(*arguments)

        return call

    def killed() -> None:
        for _ in range(500):
            with monkeypatch.context() as patched:
                patched.setattr(batch, "replacing", fragile(batch.replacing))
                patched.setattr(batch, "generation_of", fragile(batch.generation_of))
                with suppress(KilledError):
                    with suppress(IncompleteError):
                        run(tmp_path / "cut", format, 3, system)
                    return
        raise AssertionError("killed too often")

    flow(tmp_path / "cut", killed)
    names = ["predictions.jsonl", *requests_in(tmp_path / "whole")]
    assert requests_in(tmp_path / "cut") == names[1:]
    for name in names:
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_no_requests_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="requests_per_file must be above 0"):
        run(tmp_path, system=replace(SYSTEM, requests_per_file=0))


def test_another_system_in_the_folder(tmp_path: Path) -> None:
    _, first = to_run(tmp_path)
    write(tmp_path / "r.jsonl", [answered(lines(tmp_path / first)[0])])
    to_run(tmp_path)
    with pytest.raises(InputError, match="this folder holds a run with model lab/llm, not lab/other"):
        run(tmp_path, system=replace(SYSTEM, model="lab/other"))


def command(*arguments: object) -> Result:
    data = ("--data", "demo", "--datasets", "crossner_ai", "--limit", 2, "--backend", "batch", "--api", "chat")
    return CliRunner().invoke(main, [str(a) for a in ("predict", "--model", "llm", *data, *arguments)])


@pytest.mark.slow
def test_from_the_command_line(tmp_path: Path) -> None:
    result = command("--out", tmp_path)
    assert result.exit_code == 6
    assert result.stderr.splitlines()[-1].startswith(
        f"Error: {tmp_path}: 2 requests without an answer: 2 have no result"
    )
    write(tmp_path / "results.jsonl", [answered(request) for request in lines(tmp_path / "requests-0001.jsonl")])
    result = command("--out", tmp_path)
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'predictions.jsonl'}\n")
    result = command("--out", tmp_path, "--base-url", "http://127.0.0.1:9/v1")
    assert (result.exit_code, result.stderr) == (2, "Error: --base-url is not for --backend batch\n")
