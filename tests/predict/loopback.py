"""A server on this machine that plays the OpenAI API, for servers and for batch files."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-secret-1234"
MODEL = "lab/GNER-LLaMA-7B"


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one POST: a ``status`` with a JSON ``body``, a ``raw`` answer, a ``cut`` connection, or a
    ``hold`` of so many seconds before the right answer."""

    status: int = 0
    body: Any = None
    retry_after: str = ""
    raw: bytes | None = None
    cut: bool = False
    hold: float = 0.0


class Api:
    """A web server on 127.0.0.1 that plays the OpenAI API and answers with the last words of the prompt.

    ``faults`` are for the POSTs that come first, ``faults_of`` for those whose prompt ends in that word. ``models`` is
    what GET /models answers, or the statuses of its first answers. Bodies with one of the fields ``refused`` are
    refused as OpenAI does. ``schema`` says what becomes of a JSON schema: ``taken``, ``refused`` or ``ignored``.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.faults_of: dict[str, list[Fault]] = {}
        self.models: Any = {"data": [{"id": MODEL, "owned_by": "vllm", "max_model_len": 2048, "created": 1}]}
        self.models_statuses: list[int] = []
        self.usage: Any = {"completion_tokens": 7}
        self.refused: dict[str, str] = {}
        self.schema = "taken"
        self.hold = 0.0
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        self.active = self.most_active = 0
        self.lock = threading.Lock()
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def posts(self) -> list[Any]:
        return [body for path, _, body in self.asked if path != "/v1/models"]

    def start(self) -> None:
        """Listens on the port of the last time."""
        self.stopped = False
        self.server = _Server(("127.0.0.1", self.port), type("Handler", (_Handler,), {"api": self}))
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        """Answers nothing any more, on connections that are open either."""
        self.stopped = True
        self.server.shutdown()
        self.server.server_close()

    def refusal(self, body: Any) -> Fault | None:
        for field, other in self.refused.items():
            if field in body:
                instead = f" Use '{other}' instead." if other else ""
                message = f"Unsupported parameter: '{field}' is not supported with this model.{instead}"
                return Fault(400, {"error": {"message": message, "param": field, "code": "unsupported_parameter"}})
        if "response_format" in body and self.schema == "refused":
            return Fault(422, {"detail": "Unexpected fields in the request: {'response_format'}"})
        return None

    def take(self, body: Any) -> Fault:
        words = text_of(body).split()
        with self.lock:
            planned = self.faults_of.get(words[-1]) or self.faults_of.get(words[-2]) or self.faults
            return planned.pop(0) if planned else Fault(hold=self.hold)


def text_of(body: Any) -> str:
    return str(body["prompt"] if "prompt" in body else body["messages"][0]["content"])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Says nothing about clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.api.asked.append((self.path, dict(self.headers.items()), None))
        statuses = self.api.models_statuses
        self._send(statuses.pop(0) if statuses else 200, self.api.models)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        api = self.api
        with api.lock:
            api.asked.append((self.path, dict(self.headers.items()), body))
            api.active += 1
            api.most_active = max(api.most_active, api.active)
        try:
            fault = api.refusal(body) or api.take(body)
            time.sleep(fault.hold)
        finally:
            with api.lock:
                api.active -= 1
        if api.stopped or fault.cut:
            self.close_connection = True
        elif fault.raw is not None:
            self._send(200, fault.raw)
        elif fault.status:
            self._send(fault.status, fault.body, fault.retry_after)
        else:
            self._send(200, self._answer(body))

    def _answer(self, body: Any) -> Any:
        text = f"said {text_of(body).removesuffix(' [/INST]').split()[-1]}"
        if "response_format" in body and self.api.schema == "taken":
            text = json.dumps({"person": [text]})
        reply = {"message": {"content": text}} if "messages" in body else {"text": text}
        return {"choices": [{**reply, "finish_reason": "stop"}], "usage": self.api.usage}

    def _send(self, status: int, body: Any, retry_after: str = "") -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(content)
