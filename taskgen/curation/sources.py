"""Sources: any dataset, read some rows at a time as Arrow tables: ours or foreign, local or from the Hub."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow

from taskgen.curation.parquet_files import parquet_columns, parquet_tables
from taskgen.curation.text_files import (
    Kind,
    csv_columns,
    csv_tables,
    join_kinds,
    json_kinds,
    json_schema,
    json_tables,
)
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of

ROWS = 8192
"""Rows in a table, unless a reader asks for another number."""
SUFFIXES = (".parquet", ".jsonl", ".json", ".csv")
"""What can be read; the text formats also compressed: `.jsonl.gz`."""

_DATA_NAME = re.compile(r"\.(parquet|(jsonl?|csv)(\.(gz|bz2|zst))?)$", re.IGNORECASE)

_SPLIT_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""The words that tell a split in the name of a file or folder; `datasets` reads the same ones."""
_NO_DATA = {
    "config.json",
    "dataset_dict.json",
    "dataset_info.json",
    "dataset_infos.json",
    "manifest.json",
    "state.json",
}


class DataFile(NamedTuple):
    """A file of a source and the split that its name tells; `train` where it tells none."""

    path: Path
    split: str


class Contents(msgspec.Struct, frozen=True):
    """What the files of a source hold, as plain values: the Arrow schema's bytes, the columns of JSON, rows a file."""

    schema: bytes
    as_json: tuple[str, ...]
    file_rows: tuple[int, ...]


class Description(msgspec.Struct, frozen=True):
    """A source as plain values, for a worker process that need not look through all its files again."""

    name: str
    files: tuple[tuple[str, str], ...]
    split: str | None
    column: str | None
    revision: str
    contents: Contents


class Source:
    """A dataset: files of one schema, whose rows are numbered from 0 through all of them.

    Columns have plain types, whatever the files do: text is `string`, never an encoding of it. Text files: CSV cells
    are strings; a JSON column whose values fit no one Arrow type holds their JSON.
    """

    def __init__(
        self,
        name: str,
        files: Sequence[DataFile],
        split: str | None = None,
        column: str | None = None,
        revision: str = "",
        folder: Path | None = None,
        contents: Contents | None = None,
    ) -> None:
        self.name = name
        """What the user wrote."""
        self.split = split
        """The only split that is read, if not all are."""
        self.files = tuple(files)
        self.column = column
        """The column that the user named after `#`, if any."""
        self.revision = revision
        """The commit of a dataset on the Hub."""
        self.folder = folder
        """The folder that holds the files and, where it is one of ours, the manifest."""
        self._known = contents

    @cached_property
    def contents(self) -> Contents:
        """What a look through all files finds. Raises UsageError where they do not belong together or are damaged."""
        return self._known or _look_through([file.path for file in self.files])

    @cached_property
    def schema(self) -> Any:
        """The pyarrow.Schema that all files share. Raises UsageError where they do not, or cannot be read."""
        return pyarrow.ipc.read_schema(pyarrow.py_buffer(self.contents.schema))

    @property
    def file_rows(self) -> tuple[int, ...]:
        """The number of rows of each file."""
        return self.contents.file_rows

    @property
    def rows(self) -> int:
        """The number of rows of all files."""
        return sum(self.file_rows)

    def require(self, *columns: str) -> None:
        """Raise UsageError where a column is missing."""
        missing = [column for column in columns if column not in self.schema.names]
        if missing:
            raise UsageError(
                f"{self.name} has no column {' and no column '.join(missing)} (columns: {', '.join(self.schema.names)})"
            )

    def tables(self, columns: Sequence[str] | None = None, rows: int = ROWS) -> Iterator[Any]:
        """All rows in order, in tables of at most `rows` rows, each from one file."""
        for number in range(len(self.files)):
            yield from self.file_tables(number, columns, rows)

    def file_tables(self, number: int, columns: Sequence[str] | None = None, rows: int = ROWS) -> Iterator[Any]:
        """The rows of one file, in order. Raises UsageError where the file is damaged."""
        path = self.files[number].path
        names = self.schema.names if columns is None else columns
        with _reading(path):
            match data_format(path.name):
                case "parquet":
                    yield from parquet_tables(path, self.schema, names, rows)
                case "csv":
                    yield from csv_tables(path, self.schema, names, rows)
                case _:
                    yield from json_tables(path, self.schema, self.contents.as_json, names, rows)

    @cached_property
    def _fingerprints(self) -> tuple[str, ...]:
        return tuple(sha256_of(file.path) for file in self.files)

    def fingerprints(self) -> tuple[str, ...]:
        """Hex SHA-256 of every file, in order."""
        return self._fingerprints

    def describe(self) -> Description:
        """What `reopen` needs to read the same rows in another process."""
        files = tuple((str(file.path), file.split) for file in self.files)
        return Description(self.name, files, self.split, self.column, self.revision, self.contents)


def reopen(description: Description) -> Source:
    """The source of a description, without a look at its files or the network."""
    return Source(
        description.name,
        [DataFile(Path(path), split) for path, split in description.files],
        description.split,
        description.column,
        description.revision,
        contents=description.contents,
    )


def open_source(name: str, split: str | None = None) -> Source:
    """The dataset that a user names: a Parquet, JSON lines, JSON or CSV file, a folder of them, or
    `hf:ID[@REVISION][:CONFIG[:SPLIT]]`; `#COLUMN` at the end names the column that holds the text.

    Of a folder with a `data` folder inside, that is read; JSON files count where there is nothing else. Raises
    UsageError where there is no such thing, where it has no rows, or where it cannot be read.
    """
    place, column = split_column(name)
    if place.startswith("hf:"):
        from taskgen.curation.hub_sources import hub_files

        found = hub_files(place, split)
        files = [DataFile(path, own) for path, own in found.files]
        source = Source(name, files, found.split, column, found.revision, found.folder)
    else:
        path = Path(place)
        source = Source(name, _local_files(place, split), split, column, folder=path if path.is_dir() else None)
    if not source.rows:
        raise UsageError(f"{name} holds no rows")
    if not source.schema.names:
        raise UsageError(f"{name} has no columns")
    source.require(*([column] if column else []))
    return source


def split_column(name: str) -> tuple[str, str | None]:
    """The place in `PLACE#COLUMN`, and the column where one is named."""
    place, mark, column = name.rpartition("#")
    return (name, None) if not mark or Path(name).exists() else (place, column)


def plain_name(name: str) -> str:
    """What a source is called without the path to it: a file's or folder's name, or ID[:CONFIG[:SPLIT]] on the Hub."""
    place, _ = split_column(name)
    if place.startswith("hf:"):
        return re.sub(r"@[^:]*", "", place.removeprefix("hf:"))
    return Path(place).name if Path(place).name not in ("", "..") else Path(place).resolve().name


def data_format(name: str) -> str | None:
    """How a file of this name is read: parquet, csv, json or jsonl; None where it is no data."""
    found = _DATA_NAME.search(name)
    return (found[2] or found[1]).lower() if found else None


def data_stem(name: str) -> str:
    """The name of a data file without what tells its format."""
    return _DATA_NAME.sub("", name)


def _local_files(place: str, split: str | None) -> list[DataFile]:
    path = Path(place)
    if not place or not path.exists():
        raise UsageError(f"{place or 'no name'} does not exist; name a Parquet, JSONL or CSV file, a folder, or hf:ID")
    if path.is_file():
        if data_format(path.name) is None:
            raise UsageError(f"{path} is none of {', '.join(SUFFIXES)}")
        return [DataFile(path, split or split_named(Path(path.name)))]
    folder = path / "data" if (path / "data").is_dir() else path
    found = [DataFile(file, split_named(file.relative_to(path))) for file in _files_below(folder)]
    files = [file for file in found if split is None or file.split == split]
    if not files:
        wanted = f"no {split} split" if found else f"no {', '.join(SUFFIXES)} file"
        raise UsageError(f"{path} holds {wanted}")
    return files


def _files_below(folder: Path) -> list[Path]:
    """The data files in a folder and the folders in it, in order; nothing hidden."""
    below = [
        path for path in folder.rglob("*") if data_format(path.name) and path.name not in _NO_DATA and path.is_file()
    ]
    seen = sorted(path for path in below if not any(part[0] in "._" for part in path.relative_to(folder).parts))
    return [path for path in seen if data_format(path.name) != "json"] or seen


def split_named(path: Path) -> str:
    """The split that a file's name, or else a folder around it, tells; `train` where none does.

    In a folder `data` that is what stands before the number of the file, `hard` in `data/hard-00000-of-00001.parquet`.
    """
    numbered = re.match(r"(\w+(?:\.\w+)*)-\d{5}-of-\d{5}", path.name)
    if numbered and path.parent.name == "data":
        return numbered[1]
    for part in reversed(path.parts):
        for word in re.split(r"[^a-z]+", part.lower()):
            for split, words in _SPLIT_WORDS.items():
                if word in words:
                    return split
    return "train"


def _look_through(paths: Sequence[Path]) -> Contents:
    rows: list[int] = []
    kinds: list[dict[str, Kind]] = []
    schemas: list[Any] = []
    for path in paths:
        with _reading(path):
            match data_format(path.name):
                case "parquet":
                    schema, count = parquet_columns(path)
                case "csv":
                    names, count = csv_columns(path)
                    schema = pyarrow.schema([(name, pyarrow.string()) for name in names])
                case _:
                    own, count = json_kinds(path)
                    kinds.append(own)
                    schema = None
        rows.append(count)
        schemas.append(schema)
    joined, as_json = json_schema(join_kinds(kinds))
    shared = _shared_schema(paths, [joined if schema is None else schema for schema in schemas])
    return Contents(shared.serialize().to_pybytes(), as_json, tuple(rows))


def _shared_schema(paths: Sequence[Path], schemas: Sequence[Any]) -> Any:
    """The schema of several files, in the order of the first. Raises UsageError where their columns differ."""
    fields = {field.name: field.type for field in schemas[0]}
    for path, schema in zip(paths, schemas, strict=True):
        for name in schema.names:
            if schema.names.count(name) > 1:
                raise UsageError(f"{path} has two columns {name}")
        odd = sorted(fields.keys() ^ set(schema.names))
        if odd:
            raise UsageError(f"{path} has other columns than {paths[0]}: {', '.join(odd)}")
        for field in schema:
            known = fields[field.name]
            if known == pyarrow.null():
                fields[field.name] = field.type
            elif field.type not in (known, pyarrow.null()):
                raise UsageError(f"{path} has {field.type} in column {field.name} where {paths[0]} has {known}")
    return pyarrow.schema(list(fields.items()))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say in one line what pyarrow or a decoder has to say about a file's content."""
    try:
        yield
    except OSError as error:
        if error.errno is not None:
            raise
        raise UsageError(_damage(path, error)) from None
    except (pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise UsageError(_damage(path, error)) from None


def _damage(path: Path, error: Exception) -> str:
    kind = {"parquet": "Parquet", "csv": "CSV"}.get(data_format(path.name) or "", "JSON")
    return f"{path} is damaged or not {kind}: {' '.join(str(error).split())[:200]}"
