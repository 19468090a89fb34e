"""A server that speaks the OpenAI API (vLLM, SGLang, `transformers serve`, llama.cpp), asked many things at a time."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gner_bench.documents.fields import Json
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
from gner_bench.messages import warn
from gner_bench.predict.backend import ASKING, Backend, BackendKind, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Options
from gner_bench.predict.plan import Key, Task
from gner_bench.predict.requests import (
    HELD,
    ROUTES,
    SCHEMA,
    Requests,
    generation_of,
    problem_of,
    requests_of,
    served_backend,
)

if TYPE_CHECKING:
    import httpx2

AHEAD = 2
"""Requests handed over at a time, as a multiple of the concurrency, so that a slow reader does not idle the server."""
RECORDED = ("owned_by", "root", "max_model_len", "meta")
"""What goes from the server's list of models into run.json."""
BUSY = (408, 409, 429, 503)
"""HTTP statuses of a server that is there and may answer later, such as while it loads a model."""
JITTER = 0.5
"""How much longer than planned a wait may be, as a fraction of it."""
CLOSING_SECONDS = 10.0
THREAD = "requests to the server"


def require_usable(system: SystemOptions) -> str:
    """The address of the server. Raises UsageError without one and for settings that cannot work."""
    if system.base_url is None:
        raise UsageError("--backend openai needs --base-url")
    try:
        parts = urlsplit(system.base_url)
        usable = bool(parts.hostname) and parts.port != 0 and parts.scheme in ("http", "https")
        usable = usable and not ("@" in parts.netloc or parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("the server's address must look like http://HOST:PORT/v1; keys go into $OPENAI_API_KEY")
    if min(system.concurrency, system.attempts) < 1 or system.timeout <= 0:
        raise UsageError("concurrency, attempts and timeout must be above 0")
    return system.base_url.rstrip("/")


def make(system: SystemOptions, options: Options) -> Backend:
    """The backend of the server that ``system`` names, which is asked for its models; $OPENAI_API_KEY is sent.

    Raises UsageError for settings that cannot work and for a model that the server does not have, UnreachableError
    where nobody answers, InputError for a bad tokenizer. While decoding, GnerBenchError (UnreachableError) ends the
    iteration once a request is refused or all its attempts have failed.
    """
    base_url = require_usable(system)
    client = Client(system, base_url, requests_of(system), os.environ.get("OPENAI_API_KEY", "").strip())
    told = {"served": client.served_model()}
    backend = served_backend("openai", client.requests, base_url, told, client.decode, system.price)
    return replace(backend, statistics=client.statistics, settle=client.settle)


OPENAI = BackendKind(
    "openai",
    "a server that speaks the OpenAI API (vLLM, SGLang, llama.cpp, transformers serve)",
    make,
    ASKING | {"base_url", "api", "concurrency", "tokenizer", "request", "stop", "timeout", "attempts", "price"},
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


@dataclass
class Client:
    """Asks the server at ``base_url`` and counts what that took. ``schema`` says that answers are held to a schema.

    ``ready`` holds answers that came when it was tried whether the server takes one, by key and number of the prompt.
    """

    system: SystemOptions
    base_url: str
    requests: Requests
    api_key: str = field(default="", repr=False)
    schema: bool = False
    ready: dict[tuple[Key, int], Generation] = field(default_factory=dict)
    sent: int = 0
    retries: int = 0
    seconds_waited: float = 0.0
    uncounted: int = 0

    @property
    def headers(self) -> dict[str, str]:
        """What every request is sent with."""
        key = {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
        return {"User-Agent": USER_AGENT, **key}

    def statistics(self) -> Json:
        return {
            "requests": self.sent,
            "retries": self.retries,
            "seconds_waited": round(self.seconds_waited, 1),
            "outputs_of_unknown_length": self.uncounted,
        }

    def served_model(self) -> Json:
        """What the server says of the model, asked again while it is busy, such as loading.

        Raises UsageError when it lists what it serves and the model is not there, UnreachableError where nobody
        answers.
        """
        import httpx2

        failures, name = 0, self.system.model
        timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        with httpx2.Client(headers=self.headers, timeout=timeout) as client:
            while True:
                try:
                    response = client.get(f"{self.base_url}/models")
                except httpx2.HTTPError as error:
                    reason = str(error) or type(error).__name__
                    raise UnreachableError(f"{self.base_url}: cannot be reached ({reason}); is it running?") from None
                failures += 1
                if response.status_code not in BUSY or failures == self.system.attempts:
                    break
                time.sleep(backoff(failures, retry_after(response.headers.get("Retry-After")), JITTER))
        if response.status_code in (401, 403, *BUSY):
            raise GnerBenchError(f"{self.base_url}: {self._problem(response)}")
        try:
            entries = response.json()["data"] if response.status_code == 200 else []
            listed = {entry["id"]: entry for entry in entries if isinstance(entry["id"], str)}
        except (ValueError, KeyError, TypeError):
            listed = {}  # a server without that route may serve the model all the same
        # `transformers serve` lists its cache, with the owner as the folder of the name, and serves other models too.
        only_cached = all(entry.get("owned_by") == id.rpartition("/")[0] for id, entry in listed.items())
        if name not in listed and not only_cached:
            raise UsageError(f"{self.base_url} serves no model {short(name)}; {did_you_mean(name, list(listed))}")
        return {key: value for key, value in listed.get(name, {}).items() if key in RECORDED}

    def settle(self, tasks: Sequence[Task], before: Json) -> Json:
        """Whether answers are held to a schema: as in the run that is continued, else as the server takes it.

        For that it is asked for a sentence of each data set. Raises what ``decode`` does where it refuses these without
        a schema too.
        """
        if not tasks or not self.requests.takes_schema(tasks[0]):
            return {}
        decided = before.get(SCHEMA)
        if decided is None:
            decided, reason = self._try_schema(list({task.dataset: task for task in reversed(tasks)}.values()))
            if decided != HELD:
                warn(f"{self.base_url}: answers are not held to a JSON schema, which the server {decided}{reason}")
        self.schema = decided == HELD
        return {SCHEMA: decided}

    def _try_schema(self, tasks: Sequence[Task]) -> tuple[str, str]:
        """What run.json says of it, and why."""
        self.schema, refused = True, ""
        try:
            answers = list(self.decode(tasks))
        except UnreachableError:
            raise
        except GnerBenchError as error:
            self.schema, refused = False, f" ({error})"
            answers = list(self.decode(tasks))
        ignored = [task for task, answer in answers if self.schema and not _is_held(task, answer)]
        if not ignored:
            self.ready = {(task.key, task.ask): answer for task, answer in answers}
        return ("refused", refused) if refused else ("ignored", "") if ignored else (HELD, "")

    def decode(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, Generation]]:
        """Outputs as they come. Leaving early cancels the requests under way."""
        waiting, running = iter(tasks), dict[Future[Generation], Task]()
        finished = SimpleQueue[Future[Generation]]()
        with self._session() as session:

            def start(most: int) -> None:
                for task in islice(waiting, most):
                    future = asyncio.run_coroutine_threadsafe(self._ask(session, task), session.loop)
                    running[future] = task
                    future.add_done_callback(finished.put)

            start(AHEAD * self.system.concurrency)
            while running:
                future = finished.get()
                task = running.pop(future)
                start(1)
                yield task, future.result()

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        """Ends what is under way when left."""
        import httpx2

        most = self.system.concurrency
        timeout = httpx2.Timeout(None, connect=CONNECT_SECONDS)
        limits = httpx2.Limits(max_connections=most, max_keepalive_connections=most)
        client = httpx2.AsyncClient(headers=self.headers, timeout=timeout, limits=limits)
        started: Future[_Session] = Future()

        async def serve() -> None:
            async with client:
                stop, slots = asyncio.Event(), asyncio.Semaphore(most)
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

    async def _ask(self, session: _Session, task: Task) -> Generation:
        if (task.key, task.ask) in self.ready:
            return self.ready[task.key, task.ask]
        failures = 0
        async with session.slots:
            while True:
                try:
                    return await self._attempt(session.client, task)
                except TemporaryError as broken:
                    failures += 1
                    if failures == self.system.attempts:
                        kind = UnreachableError if isinstance(broken, _UnreachableError) else GnerBenchError
                        raise kind(
                            f"{self.base_url}: {broken} ({failures} attempts at sentence {'/'.join(task.key)});"
                            " finished sentences are kept, and the same command continues"
                        ) from None
                    seconds = backoff(failures, broken.wait, JITTER)
                    self.retries += 1
                    self.seconds_waited += seconds
                    await asyncio.sleep(seconds)

    async def _attempt(self, client: httpx2.AsyncClient, task: Task) -> Generation:
        """An answer. Raises TemporaryError, or GnerBenchError for what another attempt cannot help."""
        import httpx2

        self.sent += 1
        body, seconds = self.requests.body(task, self.schema), self.system.timeout
        url = f"{self.base_url}/{ROUTES[self.requests.api]}"
        try:
            async with asyncio.timeout(seconds):
                response = await client.post(url, json=body)
        except TimeoutError:
            raise TemporaryError(f"no answer within {seconds:g} s") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise _UnreachableError(f"cannot be reached any more ({error})") from None
        except httpx2.HTTPError as error:
            raise TemporaryError(f"the connection broke ({str(error) or type(error).__name__})") from None
        status = response.status_code
        if is_temporary(status):
            raise TemporaryError(self._problem(response), retry_after(response.headers.get("Retry-After")))
        if status != 200:
            raise GnerBenchError(f"{url}: sentence {'/'.join(task.key)}: {self._problem(response, body)}")
        try:
            answer = response.json()
        except ValueError:
            raise TemporaryError(f"an answer that is not JSON: {short(response.text)}") from None
        generation = generation_of(answer)
        if generation is None:
            raise TemporaryError(f"an answer without a finished text: {short(answer)}")
        self.uncounted += bool(generation.text) and not generation.tokens
        return generation

    def _problem(self, response: httpx2.Response, body: Json | None = None) -> str:
        """The status and what the server says, in one line and without the key."""
        try:
            content = response.json()
        except ValueError:
            content = response.text
        said = problem_of(content, body) or response.reason_phrase
        said = said.replace(self.api_key, "…") if self.api_key else said
        hint = "; is the address complete, such as http://HOST:PORT/v1?" if response.status_code == 404 else ""
        hint = "; the key is taken from $OPENAI_API_KEY" if response.status_code == 401 else hint
        return f"HTTP {response.status_code}: {said}{hint}"


def _is_held(task: Task, answer: Generation) -> bool:
    """Whether a text can be one that was held to the schema of its format, as far as it goes."""
    schema = task.asking.format.schema
    text, kind = answer.text.lstrip(), schema(task.types).get("type") if schema else None
    if answer.finish == "stop" and text:
        try:
            return isinstance(json.loads(text), {"object": dict, "array": list}.get(str(kind), object))
        except (ValueError, RecursionError):
            return False
    return not text or text.startswith({"object": "{", "array": "["}.get(str(kind), ""))
