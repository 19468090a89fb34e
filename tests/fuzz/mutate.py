"""Files made unusable: damaged bytes, and values of JSON and TOML of another kind, size or depth."""

from __future__ import annotations

import json
import random
from typing import Any

VALUES = (
    *(None, True, 0, -1, 1.5, 10**30, 2**63, -(2**31), "", "x", "\ud800", "../../x", "名\x00\x1b[31m", "9" * 5000),
    *([], {}, [[]], [None], ["x"], {"x": {}}, {"content": 3}, "$NAN", "$INF", "$BIG", "$MANY", "$DEEP"),
)
"""What takes the place of a value; ``$`` ones are written into the text, as Python does not write them."""
WRITTEN = {
    "$NAN": "NaN",
    "$INF": "1e999",
    "$BIG": "1" * 5000,
    "$MANY": "1" * 400,
    "$DEEP": "[" * 5000 + "]" * 5000,
}
TOML_VALUES = (
    *('""', '"x"', "-1", "0", "nan", "inf", "1e400", "true", "[]", "{}", "1979-05-27", '"../.."', '"\\u0000"'),
    *(
        "1" * 5000,
        "[" * 3000 + "]" * 3000,
        "[[]]",
        '["x", 1]',
        "{x = {y = 1}}",
        "9" * 30,
        '"名"',
        "10:00:00",
        '"a\\nb"',
    ),
)
BYTES = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\r",
    b"\n",
    b"\n\n",
    b"\t",
    b"{",
    b"]",
    b'"',
    b"\\ud800",
    b"\xc2\x85",
)


def mutated(name: str, content: bytes, random: random.Random) -> bytes:
    """``content`` of a file called ``name`` with one to three changes."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        try:
            if random.random() < 0.7 and name.endswith(".json"):
                content = _json(content.decode(), random).encode()
                continue
            if random.random() < 0.6 and name.endswith(".jsonl"):
                lines = content.decode().split("\n")
                place = random.randrange(max(1, len(lines) - 1))
                lines[place] = _json(lines[place], random)
                content = "\n".join(lines).encode()
                continue
            if random.random() < 0.8 and name.endswith(".toml"):
                content = _toml(content.decode(), random).encode()
                continue
        except (ValueError, RecursionError):
            pass
        content = _bytes(content, random)
    return content


def _json(text: str, random: random.Random) -> str:
    """JSON with one value replaced, removed, doubled or put under another key."""
    value = json.loads(text)
    if random.random() < 0.03:
        value = random.choice(VALUES)
    holder, key = _place(value, random)
    if holder is not None:
        action = random.random()
        if action < 0.7:
            holder[key] = random.choice(VALUES)
        elif action < 0.85:
            del holder[key]
        elif isinstance(holder, dict):
            holder[random.choice((key + "x", "", "名", "version"))] = holder.pop(key)
        else:
            holder.append(holder[key])
    text = json.dumps(value)
    for mark, written in WRITTEN.items():
        text = text.replace(json.dumps(mark), written)
    return text


def _place(value: Any, random: random.Random) -> tuple[Any, Any]:
    """An object or array somewhere in ``value`` and one of its keys, None where there is none."""
    holder, key = None, None
    while isinstance(value, dict | list) and value:
        holder = value
        key = random.choice(list(value)) if isinstance(value, dict) else random.randrange(min(len(value), 50))
        value = value[key]
        if random.random() < 0.3:
            break
    return holder, key


def _toml(text: str, random: random.Random) -> str:
    lines = text.split("\n")
    places = [index for index, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    place = random.choice(places) if places else 0
    key = lines[place].partition(" = ")[0]
    action = random.random()
    if action < 0.7:
        lines[place] = f"{key} = {random.choice(TOML_VALUES)}"
    elif action < 0.8:
        del lines[place]
    elif action < 0.9:
        lines.insert(place, lines[place])
    else:
        lines[place] = f"{key}{random.choice(('x', '.x', ''))} = {random.choice(TOML_VALUES)}"
    return "\n".join(lines)


def _bytes(content: bytes, random: random.Random) -> bytes:
    """Bytes cut off, removed, put in, turned, or a line of the text doubled or removed."""
    if not content:
        return random.choice(BYTES)
    place = random.randrange(len(content))
    action = random.randrange(6)
    if action == 0:
        return content[:place]
    if action == 1:
        return content[:place] + content[place + random.randrange(1, 20) :]
    if action == 2:
        return content[:place] + random.choice(BYTES) + content[place:]
    if action == 3:
        return content[:place] + bytes([random.randrange(256)]) + content[place + 1 :]
    lines = content.split(b"\n")
    line = random.randrange(len(lines))
    return b"\n".join([*lines[:line], *lines[line : line + 1] * (2 if action == 4 else 0), *lines[line + 1 :]])
