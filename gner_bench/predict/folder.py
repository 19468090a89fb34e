"""The folder of a checkpoint, checked before anything of it is loaded: it may come from anyone.

No code of it is run: weights are safetensors, but for pickled ones in the cache that `--allow-pickle` took.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from gner_bench.answers import Wrapping, answer_format
from gner_bench.catalog import catalog
from gner_bench.catalog.entries import Family
from gner_bench.documents.fields import Fields, read_object
from gner_bench.documents.record import GNER
from gner_bench.errors import InputError, UsageError, first_line, short
from gner_bench.fetch.checkpoint import LocalCheckpoint, locate
from gner_bench.messages import warn
from gner_bench.predict.loading import quiet_transformers
from gner_bench.predict.tokenizer import load_tokenizer

WHOLE, PICKLED = "model.safetensors", "pytorch_model.bin"
"""The names under which transformers looks for weights, or with ``.index.json`` for the list of their parts."""
HASHED = ("*.safetensors", "pytorch_model*.bin", "*.json", "*.model", "*.txt")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
SIZES = {
    **dict.fromkeys(("num_layers", "num_decoder_layers", "num_hidden_layers"), 1000),
    **dict.fromkeys(("num_heads", "num_attention_heads", "num_key_value_heads", "d_kv", "head_dim"), 100_000),
    **dict.fromkeys(("d_model", "d_ff", "hidden_size", "intermediate_size", "vocab_size"), 10_000_000),
}
"""Sizes of T5 and LLaMA and the most that is believed of each."""
SPECIAL_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id")


@dataclass(frozen=True)
class CheckpointFolder:
    """A checkpoint on disk, of which the small files have been read.

    ``revision`` is the commit that it came from, None for a folder of the user's own. ``note`` and ``training_sets``
    are what its own training.json or the catalogue says; ``format`` is the answer format that it writes.
    """

    name: str
    folder: Path
    revision: str | None
    note: str
    training_sets: tuple[str, ...]
    format: str
    config: Any
    tokenizer: Any

    @property
    def encoder_decoder(self) -> bool:
        return bool(self.config.is_encoder_decoder)

    @property
    def family(self) -> Family:
        """How it is prompted, and its limits."""
        return catalog().get_family("t5" if self.encoder_decoder else "llama")

    @property
    def wrapping(self) -> Wrapping:
        """What is around its prompts."""
        return self.family.wrapping

    @property
    def loader(self) -> Any:
        """The class of transformers that loads its model."""
        return AutoModelForSeq2SeqLM if self.encoder_decoder else AutoModelForCausalLM

    @property
    def pickled(self) -> bool:
        return not any((self.folder / name).is_file() for name in (WHOLE, f"{WHOLE}.index.json"))


def open_folder(source: str) -> CheckpointFolder:
    """Find and check a folder, or a hub id or catalogue name that is in the cache.

    Raises InputError for a folder without weights, configuration or tokenizer, for files of another shape than
    theirs, and for pickled weights; and as ``locate`` does.
    """
    quiet_transformers()
    located = locate(source)
    folder = located.folder
    weight_files(located)
    config = _read_config(folder)
    facts = folder / "training.json"
    known = read_object(facts) if facts.is_file() else Fields(facts, {})
    try:
        target = answer_format(known.optional("target", str) or GNER).name
    except UsageError as error:
        raise known.error("target", str(error)) from None
    sets = known.value.get("training_sets", ())
    # The embedded checkpoint's is a table with what was taken of each set.
    sets = tuple(sets) if isinstance(sets, dict) else known.strings("training_sets") if sets else ()
    return CheckpointFolder(
        name=known.optional("name", str) or located.name,
        folder=folder,
        revision=located.revision,
        note=known.optional("note", str) or "",
        training_sets=located.training_sets or sets,
        format=target,
        config=config,
        tokenizer=load_tokenizer(folder, config),
    )


def weight_files(located: LocalCheckpoint) -> list[Path]:
    """The files of weights that are going to be loaded.

    Raises InputError where there is no configuration, where weights are missing, elsewhere or those of an adapter, and
    where they are pickled; pickled ones pass in the cache alone, where `--allow-pickle` took them.
    """
    folder = located.folder
    if not (folder / "config.json").is_file():
        raise InputError(folder, "is not a checkpoint folder: no config.json")
    if (folder / "adapter_config.json").is_file():
        message = "is that of an adapter: give its base as the model and it as --adapter"
        raise InputError(folder / "adapter_config.json", message)
    for name in (WHOLE, PICKLED) if located.revision is not None else (WHOLE,):
        if (folder / name).is_file():
            return [folder / name]
        if (index := folder / f"{name}.index.json").is_file():
            return _parts(index, name.partition(".")[2])
    pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
    others = sorted(path.name for path in folder.glob("*.safetensors"))
    if pickles:
        message = f"its weights are pickled ({pickles[0]}), which can run code when they are loaded"
        raise InputError(folder, f"{message}; convert them to {WHOLE}")
    if others:
        raise InputError(folder, f"holds {others[0]}, but neither {WHOLE} nor its index, by which weights are loaded")
    raise InputError(folder, f"holds no weights (no *.safetensors file: {WHOLE}, or parts with {WHOLE}.index.json)")


def _parts(index: Path, suffix: str) -> list[Path]:
    """The files that an index of weights names."""
    parts = read_object(index).inner("weight_map")
    paths = []
    for name in dict.fromkeys(parts.get(key, str) for key in parts.value):
        path = index.parent / name
        if path.name != name or not name.endswith(f".{suffix}"):
            raise parts.error("", f"names {short(name)}; parts of weights are *.{suffix} files beside it")
        if not path.is_file():
            raise parts.error("", f"names {name}, which is not there")
        paths.append(path)
    if not paths:
        raise parts.error("", "names no file")
    return paths


def _read_config(folder: Path) -> Any:
    """The configuration of the model. Raises InputError naming the field of one that cannot be that of a model."""
    fields = read_object(folder / "config.json")
    for name, most in SIZES.items():
        value = fields.value.get(name)
        if value is not None and (type(value) is not int or not 1 <= value <= most):
            raise fields.error(name, f"expected a whole number from 1 to {most:,}, found {short(value)}")
    try:
        # A class of the folder's own is neither asked about nor taken; there is one of transformers or none.
        config: Any = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:  # transformers raises whatever a value of another type leads to
        raise InputError(fields.path, f"is no configuration of a known model: {first_line(error)}") from None
    if "auto_map" in fields.value:
        warn(f"{fields.path}: names code of its own, which is not run; loaded as {config.model_type}")
    if type(vocabulary := getattr(config.get_text_config(), "vocab_size", None)) is not int:
        raise fields.error("vocab_size", "is missing")
    check_special_ids(config, vocabulary, fields.path)
    if config.is_encoder_decoder and config.decoder_start_token_id is None:
        raise fields.error("decoder_start_token_id", "is missing")
    return config


def check_special_ids(settings: Any, vocabulary: int, path: Path) -> None:
    """Take negative ids, which say none in early conversions, out of a configuration or generation settings.

    Raises InputError for an id that is no token of the ``vocabulary``.
    """
    for name in SPECIAL_IDS:
        value = getattr(settings, name, None)
        ids = value if isinstance(value, list | tuple) else [] if value is None else [value]
        for token in ids:
            if type(token) is not int or token >= vocabulary:
                raise InputError(path, f"expected a token's id below {vocabulary}, found {short(token)}", field=name)
        kept = [token for token in ids if token >= 0]
        if len(kept) < len(ids):
            setattr(settings, name, kept or None)


def load_model(opened: CheckpointFolder, dtype: Any, folder: Path | None = None, **settings: Any) -> Any:
    """The model with its weights in the number format ``dtype``, from another ``folder`` if one is given.

    Raises InputError where that fails, where weights are missing (transformers would draw them at random) and where the
    generation settings name no tokens of it.
    """
    pickled = folder is None and opened.pickled  # what a training has saved never is
    folder = folder or opened.folder
    path, vocabulary = folder / "generation_config.json", opened.config.get_text_config().vocab_size
    if path.is_file():
        check_special_ids(SimpleNamespace(**read_object(path).value), vocabulary, path)
    given = {"trust_remote_code": False, "use_safetensors": not pickled, "output_loading_info": True}
    try:
        model, info = opened.loader.from_pretrained(
            folder, config=deepcopy(opened.config), dtype=dtype, **given, **settings
        )
    except MemoryError:
        raise
    except Exception as error:  # transformers raises whatever a file of another shape leads to
        if "memory" in str(error).lower():
            raise
        raise InputError(folder, f"cannot be loaded as a checkpoint: {first_line(error)}") from None
    for key, what in (("missing_keys", "lack"), ("mismatched_keys", "have another shape for")):
        names = sorted(str(name[0] if isinstance(name, tuple) else name) for name in info[key])
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise InputError(folder, f"its weights {what} {names[0]}{more}")
    if unread := sorted(map(str, info["unexpected_keys"])):
        warn(f"{folder}: {len(unread)} weights have no place in the model, such as {unread[0]}")
    check_special_ids(model.generation_config, vocabulary, path)
    return model
