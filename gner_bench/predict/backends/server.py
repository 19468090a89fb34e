"""A server that speaks the OpenAI API: how it is asked, what it serves, and what its refusals say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gner_bench.documents.fields import Json
from gner_bench.errors import GnerBenchError, UnreachableError, UsageError, did_you_mean, short
from gner_bench.fetch.http import CONNECT_SECONDS, READ_SECONDS, USER_AGENT, backoff, retry_after
from gner_bench.predict.backend import Api

if TYPE_CHECKING:
    import httpx2

RECORDED = ("owned_by", "root", "max_model_len", "meta")
"""What goes from the server's list of models into run.json."""
BUSY = (408, 409, 429, 503)
"""HTTP statuses of a server that is there and may answer later, such as while it loads a model."""
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
