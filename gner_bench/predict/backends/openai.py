"""A server that speaks the OpenAI API (vLLM, SGLang, `transformers serve`, llama.cpp), asked many things at a time."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gner_bench.answers import Wrapping
from gner_bench.catalog import catalog
from gner_bench.documents.fields import Json
from gner_bench.documents.run import Model
from gner_bench.errors import GnerBenchError, UnreachableError, UsageError, did_you_mean, short
from gner_bench.fetch.http import (
    CONNECT_SECONDS,
    READ_SECONDS,
    USER_AGENT,
    TemporaryError,
    backoff,
    is_temporary,
    retry_after,
)
from gner_bench.predict.backend import ASKING, Backend, BackendKind, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Api, Options
from gner_bench.predict.plan import Task
from gner_bench.structure.back_tokenizer import load_back_tokenizer, tokenizer_file

if TYPE_CHECKING:
    import httpx2

ROUTES: dict[Api, str] = {"completions": "completions", "chat": "chat/completions"}
WRAPPINGS: dict[Api, Wrapping] = {"completions": "inst", "chat": "chat"}
GREEDY: Json = {"temperature": 0, "top_p": 1, "n": 1, "seed": 0, "frequency_penalty": 0, "presence_penalty": 0}
"""The penalties of 0 also undo a repetition penalty that `transformers serve` takes from the checkpoint."""
GIVEN_UP = ("abort", "error")
"""Finish reasons of a generation that the server broke off itself."""
AHEAD = 2
"""Requests handed over at a time, as a multiple of the concurrency, so that a slow reader does not idle the server."""
RECORDED = ("owned_by", "root", "max_model_len", "meta")
"""What goes from the server's list of models into run.json."""
BUSY = (408, 409, 429, 503)
"""HTTP statuses of a server that is there and may answer later, such as while it loads a model."""
JITTER = 0.5
"""How much longer than planned a wait may be, as a fraction of it."""
MOST_MESSAGE = 300
"""Characters quoted of what a server says."""
CLOSING_SECONDS = 10.0
THREAD = "requests to the server"


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


def require_usable(server: Server, tokenizer: Path | None) -> None:
    """Raise UsageError for settings that cannot work."""
    try:
        parts = urlsplit(server.base_url)
        usable = bool(parts.hostname) and parts.port != 0 and parts.scheme in ("http", "https")
        usable = usable and not ("@" in parts.netloc or parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("the server's address must look like http://HOST:PORT/v1; keys go into $OPENAI_API_KEY")
    if min(server.concurrency, server.attempts) < 1 or server.timeout <= 0:
        raise UsageError("concurrency, attempts and timeout must be above 0")
    if server.max_new_tokens <= 0 and server.max_total_tokens <= 0:
        raise UsageError("say how long outputs may be: max_new_tokens or max_total_tokens")
    if server.max_total_tokens and (tokenizer is None or server.api == "chat"):
        raise UsageError("max_total_tokens needs the tokenizer, to count the prompt, and the completions api")


def served_model(server: Server) -> Json:
    """What the server says of the model, asked again while it is busy, such as loading.

    Raises UsageError when it lists what it serves and the model is not there, UnreachableError where nobody answers.
    """
    import httpx2

    failures = 0
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    with httpx2.Client(headers=headers(server), timeout=timeout) as client:
        while True:
            try:
                response = client.get(f"{server.base_url}/models")
            except httpx2.HTTPError as error:
                reason = str(error) or type(error).__name__
                raise UnreachableError(f"{server.base_url}: cannot be reached ({reason}); is it running?") from None
            failures += 1
            if response.status_code not in BUSY or failures == server.attempts:
                break
            time.sleep(backoff(failures, retry_after(response.headers.get("Retry-After")), JITTER))
    if response.status_code in (401, 403, *BUSY):
        raise GnerBenchError(f"{server.base_url}: {problem(server, response)}")
    try:
        entries = response.json()["data"] if response.status_code == 200 else []
        listed = {entry["id"]: entry for entry in entries if isinstance(entry["id"], str)}
    except (ValueError, KeyError, TypeError):
        listed = {}  # a server without that route may serve the model all the same
    # `transformers serve` lists its cache, with the owner as the folder of the name, and serves other models too.
    only_cached = all(entry.get("owned_by") == id.rpartition("/")[0] for id, entry in listed.items())
    if server.model not in listed and not only_cached:
        hint = did_you_mean(server.model, list(listed))
        raise UsageError(f"{server.base_url} serves no model {short(server.model)}; {hint}")
    return {key: value for key, value in listed.get(server.model, {}).items() if key in RECORDED}


def headers(server: Server) -> dict[str, str]:
    """What every request is sent with."""
    key = {"Authorization": f"Bearer {server.api_key}"} if server.api_key else {}
    return {"User-Agent": USER_AGENT, **key}


def problem(server: Server, response: httpx2.Response) -> str:
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


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of the server that ``system`` names. Raises UsageError without an address."""
    if system.base_url is None:
        raise UsageError("--backend openai needs --base-url")
    server = Server(system.base_url, system.model, system.api, system.concurrency)
    if system.api == "completions" and system.tokenizer is not None:
        # A decoder-only GNER checkpoint: the limit is of prompt and output together, which takes its tokenizer.
        total = catalog().get_family("llama").max_total_tokens
        server = replace(server, max_new_tokens=0, max_total_tokens=total)
    return openai_backend(server, system.tokenizer)


OPENAI = BackendKind(
    "openai",
    "a server that speaks the OpenAI API (vLLM, SGLang, llama.cpp, transformers serve)",
    make,
    ASKING | {"base_url", "api", "concurrency", "tokenizer", "request", "stop", "timeout", "attempts", "price"},
)


def openai_backend(server: Server, tokenizer: Path | None = None) -> Backend:
    """The backend of ``server``, which is asked for its models; ``tokenizer`` is a file or folder, if there is one.

    Without ``api_key``, $OPENAI_API_KEY is sent. Raises UsageError for settings that cannot work and for a model that
    the server does not have, UnreachableError where nobody answers, InputError for a bad tokenizer. While decoding,
    GnerBenchError (UnreachableError) ends the iteration once a request is refused or all its attempts have failed.
    """
    key = server.api_key or os.environ.get("OPENAI_API_KEY", "")
    server = replace(server, base_url=server.base_url.rstrip("/"), api_key=key.strip())
    require_usable(server, tokenizer)
    file, count = None, None
    if tokenizer is not None:
        load_back_tokenizer(tokenizer)
        file = tokenizer_file(tokenizer)
    if file is not None and server.max_total_tokens:
        from transformers import LlamaConfig

        from gner_bench.predict.tokenizer import load_tokenizer

        # Prompts are counted as a checkpoint on this machine would, by the settings beside the file. A limit of both
        # together is LLaMA's; how many tokens the model has is the server's affair.
        counting: Any = load_tokenizer(file.parent, LlamaConfig(vocab_size=sys.maxsize))

        def count(text: str) -> int:
            return len(counting(text, verbose=False)["input_ids"])

    client = Client(server, count)
    name = server.model.rstrip("/").rpartition("/")[2]
    served = {"weights": "not verifiable", "served": served_model(server)}
    return Backend(
        name=name,
        model=Model(name, server.base_url, files={}, more=served),
        # The model is among the settings because there are no hashes of weights to tell one run from another.
        settings={
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
        },
        wrapping=WRAPPINGS[server.api],
        device="unknown (server)",
        decode=client.decode,
        tokenizer=file,
        statistics=client.statistics,
    )


class _UnreachableError(TemporaryError):
    """Nobody answers at all."""


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
    client = httpx2.AsyncClient(headers=headers(server), timeout=timeout, limits=limits)
    started: Future[_Session] = Future()

    async def serve() -> None:
        async with client:
            stop, slots = asyncio.Event(), asyncio.Semaphore(server.concurrency)
            started.set_result(_Session(asyncio.get_running_loop(), client, slots, stop))
            await stop.wait()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    thread = Thread(target=asyncio.run, args=(serve(),), name=THREAD, daemon=True)
    thread.start()
    session = started.result()
    try:
        yield session
    finally:
        session.loop.call_soon_threadsafe(session.stop.set)
        thread.join(CLOSING_SECONDS)


@dataclass
class Client:
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
                except TemporaryError as broken:
                    failures += 1
                    if failures == self.server.attempts:
                        kind = UnreachableError if isinstance(broken, _UnreachableError) else GnerBenchError
                        raise kind(
                            f"{self.server.base_url}: {broken} ({failures} attempts at sentence {'/'.join(task.key)});"
                            " finished sentences are kept, and the same command continues"
                        ) from None
                    seconds = backoff(failures, broken.wait, JITTER)
                    self.retries += 1
                    self.seconds_waited += seconds
                    await asyncio.sleep(seconds)

    async def _attempt(self, client: httpx2.AsyncClient, task: Task) -> Any:
        """The JSON of an answer. Raises TemporaryError, or GnerBenchError for what another attempt cannot help."""
        import httpx2

        self.requests += 1
        server, prompt = self.server, task.prompt
        room = server.max_new_tokens
        if self.count is not None:
            # A prompt that fills the total by itself gets one token: the server refuses none.
            left = max(server.max_total_tokens - self.count(prompt), 1)
            room = min(left, server.max_new_tokens or left)
        asked = {"messages": [{"role": "user", "content": prompt}]} if server.api == "chat" else {"prompt": prompt}
        stop = {"stop": list(server.stop)} if server.stop else {}
        body = {"model": server.model, **asked, **GREEDY, "max_tokens": room, **stop}
        url = f"{server.base_url}/{ROUTES[server.api]}"
        try:
            async with asyncio.timeout(server.timeout):
                response = await client.post(url, json=body)
        except TimeoutError:
            raise TemporaryError(f"no answer within {server.timeout:g} s") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _UnreachableError(f"cannot be reached any more ({error})") from None
        except httpx2.HTTPError as error:
            raise TemporaryError(f"the connection broke ({str(error) or type(error).__name__})") from None
        status = response.status_code
        if is_temporary(status):
            raise TemporaryError(problem(server, response), retry_after(response.headers.get("Retry-After")))
        if status != 200:
            raise GnerBenchError(f"{url}: sentence {'/'.join(task.key)}: {problem(server, response)}")
        try:
            return response.json()
        except ValueError:
            raise TemporaryError(f"an answer that is not JSON: {short(response.text)}") from None

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
            raise TemporaryError(f"an answer without a finished text: {short(answer)}")
        if not isinstance(tokens, int):
            self.uncounted += 1
            tokens = 0
        return Generation(text, tokens, "length" if reason == "length" else "stop")
