"""The tokenizer of a checkpoint, with the prompt ids that GNER's own code gives.

GNER ran under transformers 4.32 to 4.37. Later versions read a LLaMA folder by the files and keys that happen to be in
it, and leave out the begin token or the leading space where one is missing; so that part is written out here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import decoders, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer, LlamaTokenizer, PreTrainedTokenizerFast

from gner_bench.documents.fields import Fields, read_object
from gner_bench.errors import InputError, first_line, short
from gner_bench.messages import warn
from gner_bench.structure.back_tokenizer import FILES, tokenizer_file

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
"""The special tokens of LlamaTokenizerFast where the folder names none."""
AS_SAVED = ("PreTrainedTokenizerFast", "TokenizersBackend")
"""Classes that take tokenizer.json as it is; the second is what transformers 5 calls the first."""


def load_tokenizer(folder: Path, config: Any) -> Any:
    """The tokenizer in ``folder`` for a model with the configuration ``config``.

    Code of the folder is neither asked about nor run. Raises InputError for no tokenizer, one that cannot be loaded and
    one with more tokens than the model.
    """
    if tokenizer_file(folder) is None:
        raise InputError(folder, f"no tokenizer here (looked for {', '.join(FILES)})")
    settings = _settings(folder)
    kind = settings.optional("tokenizer_class", str) or getattr(config, "tokenizer_class", None) or "LlamaTokenizer"
    llama = config.model_type == "llama"
    if llama and kind.removesuffix("Fast") == "LLaMATokenizer":
        message = f"{kind!r} is no class of transformers (an early conversion?); GNER's code refuses it too"
        raise settings.error("tokenizer_class", f"{message}; write LlamaTokenizer")
    try:
        if llama and kind.removesuffix("Fast") == "LlamaTokenizer":
            tokenizer: Any = _llama(folder, settings)
        elif llama and kind in AS_SAVED:
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, trust_remote_code=False)
        else:
            tokenizer = AutoTokenizer.from_pretrained(folder, config=config, trust_remote_code=False)
        tokenizer.backend_tokenizer.encode("a")
    except InputError:
        raise
    except Exception as error:  # the libraries below raise bare Exception on bad files
        raise InputError(folder, f"its tokenizer cannot be loaded: {first_line(error)}") from None
    if tokenizer.vocab_size > (vocabulary := config.get_text_config().vocab_size):
        message = f"its tokenizer has {tokenizer.vocab_size} tokens, the model only {vocabulary}"
        raise InputError(folder, message)
    return tokenizer


def _settings(folder: Path) -> Fields:
    """What tokenizer_config.json says, nothing where there is none. Raises InputError for one that is no object."""
    path = folder / "tokenizer_config.json"
    settings = read_object(path) if path.is_file() else Fields(path, {})
    if settings.value.get("auto_map"):
        warn(f"{path}: names code of its own, which is not run")
    return settings


def _llama(folder: Path, settings: Fields) -> Any:
    """As LlamaTokenizerFast of transformers 4.32 to 4.37 reads a folder.

    tokenizer.json is taken as it is but for its post-processor: a begin token comes first and an end token last as
    ``add_bos_token`` (true where absent) and ``add_eos_token`` say. From tokenizer.model alone, a space is put before
    the text whatever ``legacy`` says, which had no part in those versions.
    """
    path = folder / "special_tokens_map.json"
    named = {**settings.value, **(read_object(path).value if path.is_file() else {})}
    special: dict[str, Any] = {}
    for name, default in SPECIAL.items():
        token = named.get(name, default)
        token = token.get("content") if isinstance(token, dict) else token
        if not isinstance(token, str) or not token:
            raise settings.error(name, f"expected a token, found {short(token)}")
        special[name] = token
    if (folder / "tokenizer.json").is_file():
        tokenizer: Any = PreTrainedTokenizerFast.from_pretrained(folder, trust_remote_code=False, **special)
        backend = tokenizer.backend_tokenizer
    else:
        tokenizer = LlamaTokenizer.from_pretrained(folder, trust_remote_code=False, **special)
        backend = tokenizer.backend_tokenizer
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        backend.pre_tokenizer = pre_tokenizers.Sequence([])
        steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        backend.decoder = decoders.Sequence(steps)
    begin, end = special["bos_token"], special["eos_token"]
    ids = {token: backend.token_to_id(token) for token in (begin, end)}
    first = [f"{begin}:0"] if settings.value.get("add_bos_token", True) else []
    last = [f"{end}:0"] if settings.value.get("add_eos_token", False) else []
    single = [*first, "$A:0", *last]
    used = [(token, ids[token]) for token in dict.fromkeys((begin, end)) if f"{token}:0" in single]
    backend.post_processor = processors.TemplateProcessing(
        single=single, pair=[*single, *first, "$B:1", *last], special_tokens=used
    )
    return tokenizer
