"""Requests in the form of the OpenAI API: what is asked of a served model, and what its answers say.

Servers are sent them one by one, batch files hold them a line each.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gner_bench.answers import AnswerFormat, Wrapping, answer_format
from gner_bench.answers.gner import Target
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Model as Known
from gner_bench.documents.fields import Json
from gner_bench.documents.record import GNER
from gner_bench.documents.run import Model
from gner_bench.errors import UsageError, did_you_mean, short
from gner_bench.messages import warn
from gner_bench.predict.backend import Backend, Decode, SystemOptions
from gner_bench.predict.generation import Generation
from gner_bench.predict.options import Api
from gner_bench.predict.plan import Task
from gner_bench.predict.prompting import Prompting
from gner_bench.structure.back_tokenizer import load_back_tokenizer, tokenizer_file

ROUTES: dict[Api, str] = {"completions": "completions", "chat": "chat/completions"}
WRAPPINGS: dict[Api, Wrapping] = {"completions": "inst", "chat": "chat"}
"""Where neither format nor catalogue says one: that of GNER-LLaMA for GNER's text, that of chat models."""
MAX_NEW_TOKENS = 640
GREEDY: Json = {"temperature": 0, "top_p": 1, "n": 1, "seed": 0, "frequency_penalty": 0, "presence_penalty": 0}
"""The penalties of 0 also undo a repetition penalty that `transformers serve` takes from the checkpoint."""
SCHEMA, HELD = "response_format", "json_schema"
"""The field that holds answers to a schema, and what run.json says of it where they are."""
SENT = ("model", "messages", "prompt", *GREEDY, "max_tokens", "stop", SCHEMA)
"""The fields of a body before --request changes it."""
OWN = ("model", "messages", "prompt")
"""Fields that say what is asked: they may be renamed, and no more."""
OTHER_ANSWERS = ("stream", "echo")
"""Fields with which an answer is no longer the text alone."""
SECRET = re.compile(r"(?i)(api|access|secret)[_-]?key|secret|password|authorization|credential|(^|auth[_-]?)token$")
"""Names of fields whose values must not be in run.json."""
GIVEN_UP = ("abort", "error")
"""Finish reasons of a generation that the server broke off itself."""
FINISHES = {
    **dict.fromkeys(("", "eos", "eos_token", "stop_sequence", "stop_token", "end_turn"), "stop"),
    **dict.fromkeys(("max_tokens", "max_length"), "length"),
}
"""What some services and gateways call a text that ended by itself, or at the limit."""
REFUSED = re.compile(r"(?i)un(supported|expected|recogni[sz]ed|known)|not (\w+ )?(support|permit|allow)|extra |invalid")
INSTEAD = re.compile(r"(?i)\b(?:use|try)\b[^'\"`]*['\"`]([\w.]+)['\"`]")
MOST_MESSAGE = 300
"""Characters quoted of what a server says."""


@dataclass(frozen=True)
class Change:
    """What --request does to the field at ``path``: sets it to ``value``, renames it to ``to`` or drops it."""

    path: tuple[str, ...]
    value: Any = None
    to: tuple[str, ...] = ()
    drops: bool = False


def parse_changes(texts: Sequence[str]) -> tuple[Change, ...]:
    """The changes that ``KEY=VALUE``, ``KEY->NAME`` and ``KEY=`` ask for, in which a dot leads into an object.

    A value is JSON where it is JSON, else text. Raises UsageError for other texts, for fields that nothing sends, for
    those that say what is asked, and for a secret.
    """
    changes, known = [], list(SENT)
    for text in texts:
        match = re.fullmatch(r"([^=>]*[^=>-])(->|=)(.*)", text.lstrip(), re.DOTALL)
        key, sign, rest = (match[1].strip(), match[2], match[3]) if match else ("", "", "")
        path, to = tuple(key.split(".")), tuple(rest.strip().split("."))
        if not all(path) or (sign == "->" and not all(to)):
            raise UsageError(f"--request {short(text)}: expected KEY=VALUE, KEY->NAME or KEY= (dots for inner fields)")
        renames, drops = sign == "->", sign == "=" and not rest
        if (renames or drops) and path[0] not in known:
            raise UsageError(f"--request {short(text)}: no such field is sent; {did_you_mean(path[0], known)}")
        if path[0] in OWN and not renames:
            raise UsageError(f"--request {short(text)}: {path[0]} is what is asked, which other options say")
        value = None if renames or drops else _value(rest)
        if path[-1] in OTHER_ANSWERS and value:
            raise UsageError(f"--request {short(text)}: answers to it cannot be read")
        key_of_user = os.environ.get("OPENAI_API_KEY", "").strip()
        if (value and any(map(SECRET.search, path))) or (key_of_user and key_of_user in rest):
            raise UsageError(f"--request {key}: is written into run.json; a key goes into $OPENAI_API_KEY")
        known.append((to if renames else path)[0])
        changes.append(Change(path, value, to if renames else (), drops))
    return tuple(changes)


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return text


def changed(body: Json, changes: Sequence[Change]) -> Json:
    """``body`` after ``changes``. Raises UsageError for a field inside what is no object."""
    body = deepcopy(body) if changes else body
    for change in changes:
        *outer, last = change.path
        if change.drops or change.to:
            place = _inner(body, outer, make=False)
            if last not in place:
                continue
            value = place.pop(last)
            if change.drops:
                continue
            *outer, last = change.to
        else:
            value = change.value
        _inner(body, outer)[last] = value
    return body


def _inner(body: Json, path: Sequence[str], make: bool = True) -> Json:
    """The object at ``path``; where it is not there, one that ``make`` puts there."""
    for key in path:
        inner = body.get(key, {})
        if not isinstance(inner, dict):
            raise UsageError(f"--request: {key} holds no fields that {'.'.join(path)} could lead to")
        if make:
            body[key] = inner
        body = inner
    return body


@dataclass(frozen=True)
class Requests:
    """How tasks become bodies of requests, and bodies of answers generations.

    Answers end at ``max_new_tokens`` or when prompt and answer are ``max_total_tokens``, for which ``count`` gives the
    tokens of a prompt; 0 is no limit. ``template`` puts a prompt into the chat template of the model, where the server
    does not. ``tokenizer`` is the file for back-tokenization.
    """

    model: str
    api: Api
    format: AnswerFormat
    wrapping: Wrapping
    max_new_tokens: int
    max_total_tokens: int
    stop: tuple[str, ...]
    changes: tuple[Change, ...]
    settings: Json
    tokenizer: Path | None = None
    count: Callable[[str], int] | None = None
    template: Callable[[str], str] | None = None

    def takes_schema(self, task: Task) -> bool:
        """Whether the answers can be held to a schema, which is for the server then to take or refuse."""
        asked_for = any(change.path[0] == SCHEMA for change in self.changes)
        return task.asking.format.schema is not None and not asked_for

    def body(self, task: Task, schema: bool) -> Json:
        """The body of the request; with ``schema`` the answer is to be held to that of its format."""
        prompt = task.prompt if self.template is None else self.template(task.prompt)
        room = self.max_new_tokens
        if self.count is not None and self.max_total_tokens:
            # A prompt that fills the total by itself gets one token: the server refuses none.
            room = max(self.max_total_tokens - self.count(prompt), 1)
        asked = {"messages": [{"role": "user", "content": prompt}]} if self.api == "chat" else {"prompt": prompt}
        body = {"model": self.model, **asked, **GREEDY, "max_tokens": room}
        if self.stop:
            body["stop"] = list(self.stop)
        if schema and task.asking.format.schema is not None:
            held_to = {"name": "entities", "strict": True, "schema": task.asking.format.schema(task.types)}
            body[SCHEMA] = {"type": "json_schema", "json_schema": held_to}
        return changed(body, self.changes)


def requests_of(system: SystemOptions) -> Requests:
    """How the served model of ``system`` is asked.

    Wrapping and limit are those of ``system``, else what the format or the catalogue says. Raises UsageError for what
    cannot work together, InputError for a bad tokenizer.
    """
    known = catalog().find_model(system.model.rstrip("/").rpartition("/")[2])
    format = answer_format(system.format or GNER)
    wrapping = _wrapping(system, format, known)
    file = None
    if system.tokenizer is not None:
        load_back_tokenizer(system.tokenizer)
        file = tokenizer_file(system.tokenizer)
    family = catalog().get_family((known.family if known else "") or ("llama" if wrapping == "inst" else "t5"))
    most = system.max_new_tokens or format.max_new_tokens
    total = family.max_total_tokens if file is not None and system.api == "completions" and not most else 0
    most = most or (0 if total else family.max_new_tokens or MAX_NEW_TOKENS)
    chat = wrapping == "chat" and system.api == "completions"
    prompting = _prompting(file.parent, wrapping) if file is not None and (total or chat) else None
    changes = parse_changes(system.request)
    changed({**GREEDY, **dict.fromkeys((*OWN, "max_tokens"), "")}, changes)  # raises before anything is asked
    settings = {
        "api": system.api,
        # The model is among the settings because there are no hashes of weights to tell one run from another.
        "model": system.model,
        "decoding": decoding_of(changes),
        "num_beams": 1,
        "dtype": "unknown (server)",
        "max_input_tokens": None,
        "max_new_tokens": most or None,
        "max_total_tokens": total or None,
        "stop": list(system.stop) or None,
        "wrapping": wrapping if wrapping != WRAPPINGS[system.api] else None,
        "chat_template": None,
        "request": list(system.request) or None,
    }
    return Requests(
        system.model,
        system.api,
        format,
        wrapping,
        most,
        total,
        system.stop,
        changes,
        settings | (prompting.template_hash() if prompting else {}),
        tokenizer=file,
        count=(lambda text: len(prompting.tokenizer(text, verbose=False)["input_ids"])) if prompting else None,
        template=_template(prompting) if prompting and chat else None,
    )


def served_backend(
    kind: str, requests: Requests, source: str, told: Json, decode: Decode, price: tuple[float, float] | None
) -> Backend:
    """The backend of a model that is served at ``source`` (an address, or what else answers ``requests``)."""
    name = requests.model.rstrip("/").rpartition("/")[2]
    known = catalog().find_model(name)
    more = {"weights": "not verifiable", **told}
    model = Model(name, source, training_sets=known.training_sets if known else (), files={}, more=more)
    return Backend(
        name=name,
        model=model,
        settings={"backend": kind, **requests.settings},
        wrapping=requests.wrapping,
        device="unknown (server)",
        decode=decode,
        tokenizer=requests.tokenizer,
        format=requests.format.name,
        price=price,
    )


def _wrapping(system: SystemOptions, format: AnswerFormat, known: Known | None) -> Wrapping:
    if system.api == "chat":
        if system.wrapping is None and format.wrapping not in (None, "chat"):
            warn(f"{format.name} asks as its checkpoints were trained, and --api chat puts a chat template around that")
        return system.wrapping or "chat"
    family = known.family if known else None
    of_gner: Wrapping = WRAPPINGS["completions"] if isinstance(format, Target) else "plain"
    of_checkpoint = catalog().get_family(family).wrapping if family else of_gner
    wrapping = system.wrapping or format.wrapping or of_checkpoint
    if wrapping == "chat" and system.tokenizer is None:
        who = "--wrapping chat" if system.wrapping else f"the format {format.name}"
        raise UsageError(
            f"{who} needs the model's chat template: --api chat leaves it to the server, and for --api completions"
            " --tokenizer names the folder that has it"
        )
    return wrapping


def _prompting(folder: Path, wrapping: Wrapping) -> Prompting:
    """How the tokenizer in ``folder`` reads prompts. Raises InputError for a chat template that takes none."""
    from transformers import LlamaConfig

    from gner_bench.predict.tokenizer import load_tokenizer

    # As for a checkpoint on this machine, by the settings beside the file; how many tokens the model has is the
    # server's affair.
    config = LlamaConfig(vocab_size=sys.maxsize)
    return Prompting(folder, load_tokenizer(folder, config), config, wrapping)


def _template(prompting: Prompting) -> Callable[[str], str]:
    """What puts a prompt into the chat template, but for the begin token, which the server puts before a text."""
    tokenizer = prompting.tokenizer
    begin = tokenizer.bos_token if tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id] else ""
    return lambda prompt: prompting.rendered(prompt).removeprefix(begin)


def decoding_of(changes: Sequence[Change]) -> str:
    """As run.json has it: greedy unless a change of the temperature makes it something else."""
    name = "greedy"
    for change in changes:
        if change.path[-1] == "temperature" and not change.to:
            name = "unknown (server)" if change.drops else "greedy" if change.value == 0 else "sampled"
    return name


def generation_of(answer: Any) -> Generation | None:
    """What the body of an answer says; None where it holds no finished text.

    The finish reason is the server's where it is neither the end of the text nor the limit (``content_filter``,
    ``tool_calls``, ``refusal``); such an answer may have no text. Tokens are 0 where the server does not count them;
    those of thoughts count, and whether the end token does is the server's own affair.
    """
    choices = answer.get("choices") if isinstance(answer, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    text = _text(choice["text"] if isinstance(choice.get("text"), str) else message.get("content"))
    given = choice.get("finish_reason")
    reason = given if isinstance(given, str) else ""
    if reason in GIVEN_UP or (text is None and not reason and not message):
        return None
    finish = FINISHES.get(reason.lower(), reason)
    if not text and _refuses(message):
        finish = "refusal"
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    tokens, prompt_tokens = (
        count if type(count := counts.get(name)) is int and count > 0 else 0
        for name in ("completion_tokens", "prompt_tokens")
    )
    return Generation(text or "", tokens, finish, prompt_tokens=prompt_tokens)


def _text(content: Any) -> str | None:
    """The text of a message: itself, or that of its parts."""
    if not isinstance(content, list):
        return content if isinstance(content, str) else None
    parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
    return "".join(part for part in parts if isinstance(part, str))


def _refuses(message: Json) -> bool:
    content = message.get("content")
    parts = [message, *(content if isinstance(content, list) else ())]
    return any(isinstance(part, dict) and part.get("refusal") for part in parts)


def problem_of(content: Any, body: Json | None = None) -> str:
    """What a server says of an error, on one line; where it refuses a field of ``body``, which --request would help."""
    named = ""
    for name in ("error", "message", "detail"):
        if isinstance(content, dict):
            named = named or str(content.get("param") or "")
            content = content.get(name, content)
    said = " ".join(str(content or "").split())
    hint = ""
    if body is not None and REFUSED.search(said):
        quoted = (field for field in body if re.search(rf"['\"`]{re.escape(field)}['\"`]", said))
        field = named if named in body else next(quoted, "")
        other = INSTEAD.search(said)
        if field and field not in OWN:
            renames = other is not None and other[1] not in body
            option = f"'{field}->{other[1]}' renames it" if other and renames else f"{field}= leaves it out"
            hint = f"; --request {option}"
    return said[:MOST_MESSAGE] + hint
