"""How long prompts are, in tokens of a tokenizer or, without one, at four characters a token."""

from pathlib import Path
from typing import Any

import numpy

from taskgen.curation.sources import Source
from taskgen.curation.texts import text_columns, texts
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of

CHARACTERS_PER_TOKEN = 4


class Measure:
    """Counts the tokens of prompts: the text alone, without a chat template or special tokens.

    `tokenizer` is a tokenizer.json or a folder that holds one. Raises UsageError where there is none.
    """

    def __init__(self, tokenizer: str | None) -> None:
        self._tokenizer: Any = None
        self.name = "prompt_tokens_estimate"
        """The column that takes the lengths; it says whether they are counted or estimated."""
        self.counted_by = f"{CHARACTERS_PER_TOKEN} characters a token"
        self.mark: str | None = None
        """What stands for the tokenizer where no path of this machine may: its name and the hash of its file."""
        if tokenizer is not None:
            path = Path(tokenizer) / "tokenizer.json" if Path(tokenizer).is_dir() else Path(tokenizer)
            self._tokenizer = _load(path)
            self.name = "prompt_tokens"
            self.mark = f"{Path(tokenizer).resolve().name} sha256:{sha256_of(path)}"
            self.counted_by = self.mark

    def columns(self, source: Source) -> list[str]:
        """The columns of a source that hold its prompts. Raises UsageError where there are none."""
        columns = text_columns(source.schema, source.column)
        if not columns:
            raise UsageError(
                f"{source.name} has no column of prompts (columns: {', '.join(source.schema.names)}); name one after #"
            )
        return columns

    def lengths(self, source: Source, table: Any) -> Any:
        """int32: the length of every row's prompt; of a chat, of what the user says."""
        prompts = texts(table, self.columns(source))
        if self._tokenizer is None:
            return numpy.array([-(-len(prompt) // CHARACTERS_PER_TOKEN) for prompt in prompts], numpy.int32)
        found = self._tokenizer.encode_batch(prompts, add_special_tokens=False)
        return numpy.array([len(tokens) for tokens in found], numpy.int32)


def _load(path: Path) -> Any:
    if not path.is_file():
        raise UsageError(f"{path} does not exist; --tokenizer takes a tokenizer.json or a folder that holds one")
    try:
        from tokenizers import Tokenizer  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise UsageError("--tokenizer needs the package tokenizers: pip install 'taskgen[train]'") from None
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no class of its own
        raise UsageError(f"{path} is not a tokenizer.json: {str(error).splitlines()[0]}") from None
