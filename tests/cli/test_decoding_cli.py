"""The decodings and backends of `gner-bench predict`, with the embedded checkpoint and a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result

from gner_bench.documents.record import read_records
from gner_bench.predict.backends.local import rows_within

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
DEMO = ("predict", "--model", "demo", "--data", "demo")


class Served(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that tags every word O."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer({"data": [{"id": "tiny"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        words = asked["prompt"].partition("Sentence: ")[2].removesuffix(" [/INST]").split()
        text = " ".join(f"{word}(O)" for word in words)
        self._answer({"choices": [{"text": text, "finish_reason": "stop"}], "usage": {"completion_tokens": 7}})

    def _answer(self, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_a_server_generates(run: Run, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/v1"
        arguments = ("--backend", "openai", "--base-url", url, "--data", "demo", "--limit", 2, "--out", tmp_path)
        assert run("predict", "--model", "tiny", *arguments).exit_code == 0
        wrong = run("predict", "--model", "tiy", *arguments[:-1], tmp_path / "other")
        server.shutdown()
    document = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert document["settings"]["backend"] == "openai"
    assert document["statistics"]["requests"] >= 14  # a busy machine may refuse a connection, which is tried again
    first = next(read_records(tmp_path / "predictions.jsonl"))
    assert first.prediction == " ".join(f"{word}(O)" for word in first.words)
    assert wrong.exit_code == 2
    assert "did you mean 'tiny'" in wrong.stderr


def test_a_server_needs_its_address(run: Run) -> None:
    result = run("predict", "--model", "tiny", "--backend", "openai", "--data", "demo")
    assert result.exit_code == 2
    assert "--base-url" in result.stderr


def test_a_server_cannot_be_compared_with_plain_decoding(run: Run) -> None:
    server = ("--backend", "openai", "--base-url", "http://127.0.0.1:9/v1", "--verify-identical", 1)
    result = run("predict", "--model", "tiny", "--data", "demo", *server)
    assert result.exit_code == 2
    assert "--verify-identical" in result.stderr


def test_verified_sentences_are_recorded(run: Run, tmp_path: Path) -> None:
    result = run(
        "predict", "--model", "demo", "--data", "demo", "--limit", 1, "--verify-identical", 3, "--out", tmp_path
    )
    assert "Compared with plain greedy decoding in fp32: 0 of 3 differ." in result.stderr
    verified = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["verified"]
    assert verified == {"sentences": 3, "dtype": "fp32", "differences": []}


def test_drafts_of_another_run_write_the_same(run: Run, tmp_path: Path) -> None:
    common = (*DEMO, "--datasets", "mit-movie", "--limit", 5)
    for name, more in {"plain": ("--decoding", "greedy"), "again": ("--draft-from", tmp_path / "plain")}.items():
        assert run(*common, *more, "--out", tmp_path / name).exit_code == 0
    plain, again = ((tmp_path / name / "predictions.jsonl").read_bytes() for name in ("plain", "again"))
    assert plain == again


@pytest.mark.parametrize("more", [("--decoding", "greedy"), ("--decoding", "constrained"), ("--num-beams", 2)])
def test_drafts_without_drafted_decoding_are_refused(run: Run, tmp_path: Path, more: tuple[str, ...]) -> None:
    result = run(*DEMO, *more, "--draft-from", tmp_path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "--draft-from is for drafted decoding" in result.stderr


def test_a_token_budget_sizes_the_batches_of_generate() -> None:
    assert [rows_within(tokens) for tokens in (1, 1024, 8 * 1024, 10**9)] == [1, 1, 8, 256]
