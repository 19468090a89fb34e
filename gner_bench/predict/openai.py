"""Generating through a server that speaks the OpenAI API, such as vLLM, SGLang, `transformers serve` or llama.cpp."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from gner_bench import __version__
from gner_bench.errors import GnerBenchError, InputError, UnreachableError, UsageError, did_you_mean, short
from gner_bench.fetch.http import CONNECT_SECONDS, READ_SECONDS, backoff, retry_after
from gner_bench.predict.backend import Backend
from gner_bench.predict.generation import Generation
from gner_bench.predict.plan import Task
from gner_bench.prompting import Wrapping
from gner_bench.records import Json
from gner_bench.structure.back_tokenizer import load_back_tokenizer, tokenizer_file

if TYPE_CHECKING:
    import httpx2

Api = Literal["completions", "chat"]
ROUTES: dict[Api, str] = {"completions": "completions", "chat": "chat/completions"}
WRAPPINGS: dict[Api, Wrapping] = {"completions": "llama", "chat": "plain"}
GREEDY: Json = {"temperature": 0, "top_p": 1, "n": 1, "seed": 0, "frequency_penalty": 0, "presence_penalty": 0}
"""The penalties of 0 also undo a repetition penalty that `transformers serve` takes from the checkpoint."""
TOLD = ("owned_by", "root", "max_model_len", "meta")
"""What goes from the server's list of models into run.json."""
MAY_PASS = (408, 409, 429)
"""HTTP statuses below 500 after which the same request may succeed."""
GIVEN_UP = ("abort", "error")
"""Finish reasons of a generation that the server broke off itself."""
AHEAD = 2
"""Requests handed over at a time, as a multiple of the concurrency, so that a slow reader does not idle the server."""
CLOSING_SECONDS = 10.0
THREAD = "requests to the server"
JITTER = 0.5
"""How much longer than planned a wait may be, as a fraction of it."""
MOST_MESSAGE = 300
"""Characters quoted of what a server says."""


@dataclass(frozen=True)
class Server:
    """``model`` is the name that the server knows. ``completions`` sends prompts as they are, ``chat`` as one message.

    A request may take ``timeout`` seconds and is made ``attempts`` times. Outputs end at ``max_new_tokens`` or when
    prompt and output are ``max_total_tokens``, whichever is first; 0 is no limit. The total needs the checkpoint's
    tokenizer, with its settings.
    """

    base_url: str
    model: str
    api: Api = "completions"
    concurrency: int = 16
    timeout: float = 120.0
    attempts: int = 6
    api_key: str = field(default="", repr=False)
    max_new_tokens: int = 640
    max_total_tokens: int = 0
    stop: tuple[str, ...] = ()


def openai_backend(server: Server, tokenizer: Path | None = None) -> Backend:
    """The backend of ``server``, which is asked for its models; ``tokenizer`` is a file or folder, if there is one.

    Without ``api_key``, $OPENAI_API_KEY is sent. Raises UsageError for settings that cannot work and for a model that
    the server does not have, UnreachableError where nobody answers, InputError for a bad tokenizer. While decoding,
    GnerBenchError (UnreachableError) ends the iteration once a request is refused or all its attempts have failed.
    """
    key = server.api_key or os.environ.get("OPENAI_API_KEY", "")
    server = replace(server, base_url=server.base_url.rstrip("/"), api_key=key.strip())
    _check(server, tokenizer)
    file = _tokenizer(tokenizer) if tokenizer else None
    asker = _Asker(server, _counter(file) if file and server.max_total_tokens else None)
    return Backend(
        name=_short_name(server),
        model=_model(server),
        settings=_settings(server),
        wrapping=WRAPPINGS[server.api],
        device="unknown (server)",
        decode=asker.decode,
        tokenizer=file,
        statistics=asker.statistics,
    )


def _check(server: Server, tokenizer: Path | None) -> None:
    if not _is_address(server.base_url):
        raise UsageError("the server's address must look like http://HOST:PORT/v1; keys go into $OPENAI_API_KEY")
    if min(server.concurrency, server.attempts) < 1 or server.timeout <= 0:
        raise UsageError("concurrency, attempts and timeout must be above 0")
    if server.max_new_tokens <= 0 and server.max_total_tokens <= 0:
        raise UsageError("say how long outputs may be: max_new_tokens or max_total_tokens")
    if server.max_total_tokens and (tokenizer is None or server.api == "chat"):
        raise UsageError("max_total_tokens needs the tokenizer, to count the prompt, and the completions api")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    extra = "@" in parts.netloc or parts.query or parts.fragment
    return parts.scheme in ("http", "https") and reachable and not extra


def _model(server: Server) -> Json:
    return {
        "name": _short_name(server),
        "source": server.base_url,
        "revision": None,
        "parameters": None,
        "note": "",
        "training_sets": [],
        "files": {},
        "weights": "not verifiable",
        "served": _told(server),
    }


def _short_name(server: Server) -> str:
    return server.model.rstrip("/").rpartition("/")[2]


def _settings(server: Server) -> Json:
    """``model`` is among them because there are no hashes of weights to tell one run from another."""
    return {
        "backend": "openai",
        "api": server.api,
        "model": server.model,
        "decoding": "greedy",
        "num_beams": 1,
        "dtype": "unknown (server)",
        "max_input_tokens": None,
        "max_new_tokens": server.max_new_tokens or None,
        "max_total_tokens": server.max_total_tokens or None,
        "stop": list(server.stop) or None,
    }


def _tokenizer(path: Path) -> Path | None:
    load_back_tokenizer(path)
    return tokenizer_file(path)


def _counter(file: Path) -> Callable[[str], int]:
    """Counts the tokens of a prompt as a checkpoint on this machine would, by the settings beside ``file``."""
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(file.parent)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InputError(file.parent, f"cannot be loaded as a tokenizer, to count prompts: {reason}") from None
    return lambda text: len(tokenizer(text, verbose=False)["input_ids"])


def _told(server: Server) -> Json:
    """What the server says of the model. Raises UsageError when it lists what it serves and the model is not there."""
    listed = {entry["id"]: entry for entry in _listed(server)}
    if server.model not in listed and not all(_is_cached(entry) for entry in listed.values()):
        hint = did_you_mean(server.model, list(listed))
        raise UsageError(f"{server.base_url} serves no model {short(server.model)}; {hint}")
    return {key: value for key, value in listed.get(server.model, {}).items() if key in TOLD}


def _is_cached(entry: Json) -> bool:
    """Whether ``entry`` looks like one of `transformers serve`, which lists its cache and serves other models too."""
    return bool(entry.get("owned_by") == entry["id"].rpartition("/")[0])


def _listed(server: Server) -> list[Json]:
    """The entries of GET /models, none from a server without that route."""
    response = _get_models(server)
    if response.status_code in (401, 403, *MAY_PASS, 503):
        raise GnerBenchError(f"{server.base_url}: {_problem(server, response)}")
    try:
        entries = response.json()["data"] if response.status_code == 200 else []
        return [entry for entry in entries if isinstance(entry["id"], str)]
    except (ValueError, KeyError, TypeError):
        return []


def _get_models(server: Server) -> httpx2.Response:
    """Asks again while the server says that it is busy, such as loading. Raises UnreachableError."""
    import httpx2

    failures = 0
    with httpx2.Client(
        headers=_headers(server), timeout=httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    ) as client:
        while True:
            try:
                response = client.get(f"{server.base_url}/models")
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise UnreachableError(f"{server.base_url}: cannot be reached ({reason}); is it running?") from None
            failures += 1
            if response.status_code not in (*MAY_PASS, 503) or failures == server.attempts:
                return response
            time.sleep(_pause(failures, retry_after(response.headers.get("Retry-After"))))


def _headers(server: Server) -> dict[str, str]:
    key = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
    return {"User-Agent": f"gner-bench/{__version__}", **key}


def _pause(failures: int, asked: float | None) -> float:
    """Seconds before the next attempt: at least what the server asked for, and not the same for all requests."""
    return backoff(failures, asked) * random.uniform(1, 1 + JITTER)


class _BrokenError(Exception):
    """An attempt failed in a way that the next one may not. ``wait``: what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.wait, self.unreachable = wait, unreachable


@dataclass(frozen=True)
class _Session:
    """Where requests run: an event loop in a thread of its own, with ``slots`` for those under way."""

    loop: asyncio.AbstractEventLoop
    client: httpx2.AsyncClient
    slots: asyncio.Semaphore
    stop: asyncio.Event


@contextmanager
def _session(server: Server) -> Iterator[_Session]:
    """Ends what is under way when left."""
    import httpx2

    timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
    limits = httpx2.Limits(max_connections=server.concurrency, max_keepalive_connections=server.concurrency)
    client = httpx2.AsyncClient(headers=_headers(server), timeout=timeout, limits=limits)
    started: Future[_Session] = Future()
    thread = Thread(target=asyncio.run, args=(_run(server, client, started),), name=THREAD, daemon=True)
    thread.start()
    session = started.result()
    try:
        yield session
    finally:
        session.loop.call_soon_threadsafe(session.stop.set)
        thread.join(CLOSING_SECONDS)


async def _run(server: Server, client: httpx2.AsyncClient, started: Future[_Session]) -> None:
    """Keep the loop running until told to stop, then cancel what it does."""
    async with client:
        stop, slots = asyncio.Event(), asyncio.Semaphore(server.concurrency)
        started.set_result(_Session(asyncio.get_running_loop(), client, slots, stop))
        await stop.wait()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass
class _Asker:
    """Asks ``server`` and counts what that took. ``count`` gives the tokens of a prompt where the total is limited."""

    server: Server
    count: Callable[[str], int] | None
    requests: int = 0
    retries: int = 0
    seconds_waited: float = 0.0
    uncounted: int = 0

    def statistics(self) -> Json:
        return {
            "requests": self.requests,
            "retries": self.retries,
            "seconds_waited": round(self.seconds_waited, 1),
            "outputs_of_unknown_length": self.uncounted,
        }

    def decode(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        """Outputs as they come. Leaving early cancels the requests under way."""
        waiting, running = iter(tasks), dict[Future[Generation], Task]()
        finished = SimpleQueue[Future[Generation]]()
        with _session(self.server) as session:

            def start(most: int) -> None:
                for task in islice(waiting, most):
                    future = asyncio.run_coroutine_threadsafe(self._ask(session, task), session.loop)
                    running[future] = task
                    future.add_done_callback(finished.put)

            start(AHEAD * self.server.concurrency)
            while running:
                future = finished.get()
                task = running.pop(future)
                start(1)
                yield task, future.result()

    async def _ask(self, session: _Session, task: Task) -> Generation:
        failures = 0
        async with session.slots:
            while True:
                try:
                    return self._generation(await self._attempt(session.client, task))
                except _BrokenError as broken:
                    failures += 1
                    if failures == self.server.attempts:
                        raise self._given_up(task, broken) from None
                    await self._wait(_pause(failures, broken.wait))

    async def _wait(self, seconds: float) -> None:
        self.retries += 1
        self.seconds_waited += seconds
        await asyncio.sleep(seconds)

    def _given_up(self, task: Task, broken: _BrokenError) -> GnerBenchError:
        kind = UnreachableError if broken.unreachable else GnerBenchError
        return kind(
            f"{self.server.base_url}: {broken} ({self.server.attempts} attempts at sentence {_name(task)});"
            " finished sentences are kept, and the same command continues"
        )

    async def _attempt(self, client: httpx2.AsyncClient, task: Task) -> Any:
        """The JSON of an answer. Raises _BrokenError, or GnerBenchError for what another attempt cannot help."""
        import httpx2

        self.requests += 1
        try:
            async with asyncio.timeout(self.server.timeout):
                response = await client.post(self._url(), json=self._body(task.prompt))
        except TimeoutError:
            raise _BrokenError(f"no answer within {self.server.timeout:g} s") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _BrokenError(f"cannot be reached any more ({error})", unreachable=True) from None
        except httpx2.HTTPError as error:
            raise _BrokenError(f"the connection broke ({str(error) or type(error).__name__})") from None
        return self._content(response, task)

    def _url(self) -> str:
        return f"{self.server.base_url}/{ROUTES[self.server.api]}"

    def _body(self, prompt: str) -> Json:
        server = self.server
        asked = {"messages": [{"role": "user", "content": prompt}]} if server.api == "chat" else {"prompt": prompt}
        stop = {"stop": list(server.stop)} if server.stop else {}
        return {"model": server.model, **asked, **GREEDY, "max_tokens": self._room(prompt), **stop}

    def _room(self, prompt: str) -> int:
        """Tokens that the output may have; one for a prompt that fills the total by itself."""
        server = self.server
        if self.count is None:
            return server.max_new_tokens
        room = max(server.max_total_tokens - self.count(prompt), 1)
        return min(room, server.max_new_tokens or room)

    def _content(self, response: httpx2.Response, task: Task) -> Any:
        status = response.status_code
        if status in MAY_PASS or status >= 500:
            raise _BrokenError(_problem(self.server, response), retry_after(response.headers.get("Retry-After")))
        if status != 200:
            raise GnerBenchError(f"{self._url()}: sentence {_name(task)}: {_problem(self.server, response)}")
        try:
            return response.json()
        except ValueError:
            raise _BrokenError(f"an answer that is not JSON: {short(response.text)}") from None

    def _generation(self, answer: Any) -> Generation:
        """Tokens are 0 where the server does not count them; whether it counts the end token is its own affair."""
        try:
            choice = answer["choices"][0]
            text = (choice["message"]["content"] or "") if self.server.api == "chat" else choice["text"]
            reason, usage = choice.get("finish_reason"), answer.get("usage") or {}
            tokens = usage.get("completion_tokens")
        except (KeyError, IndexError, TypeError, AttributeError):
            text = reason = tokens = None
        if not isinstance(text, str) or reason in GIVEN_UP:
            raise _BrokenError(f"an answer without a finished text: {short(answer)}")
        if not isinstance(tokens, int):
            self.uncounted += 1
            tokens = 0
        return Generation(text, tokens, "length" if reason == "length" else "stop")


def _name(task: Task) -> str:
    return "/".join(task.key)


def _problem(server: Server, response: httpx2.Response) -> str:
    """The status and what the server says, in one line and without the key."""
    try:
        content = response.json()
    except ValueError:
        content = response.text
    for name in ("error", "message", "detail"):
        content = content.get(name, content) if isinstance(content, dict) else content
    said = " ".join(str(content).split())
    said = said.replace(server.api_key, "…") if server.api_key else said
    hint = "; is the address complete, such as http://HOST:PORT/v1?" if response.status_code == 404 else ""
    hint = "; the key is taken from $OPENAI_API_KEY" if response.status_code == 401 else hint
    return f"HTTP {response.status_code}: {said[:MOST_MESSAGE] or response.reason_phrase}{hint}"
