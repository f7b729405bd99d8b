"""Croissant metadata: a dataset for machines, in JSON-LD, as MLCommons specifies it (version 1.1)."""

from typing import Any

import msgspec
import pyarrow

from taskgen.publishing.cards.columns import described
from taskgen.publishing.cards.origins import LICENCE, licence
from taskgen.publishing.cards.titles import title
from taskgen.publishing.facts import DatasetFacts

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
LICENCE_URL = "https://spdx.org/licenses/Apache-2.0.html"
ROWS, RECORDS, SPLITS = "rows", "records", "splits"
PARQUET = "application/x-parquet"
TERMS = (
    "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject",
    "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
    "parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator",
    "source", "subField", "transform",
)  # fmt: skip
"""The words of Croissant; those of schema.org are the default."""
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in TERMS},
}


def croissant(facts: DatasetFacts, version: str = "1.0.0") -> bytes:
    """The croissant.json of a dataset: its files with their hashes, its columns, its splits.

    Columns whose type the vocabulary has no word for (lists and structs, which only rows from elsewhere have) are left
    out.
    """
    files = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "contentUrl": file.path,
            "encodingFormat": PARQUET,
            "sha256": file.sha256,
        }
        for split in facts.splits
        for file in split.files
    ]
    rows = {
        "@type": "cr:FileSet",
        "@id": ROWS,
        "name": ROWS,
        "description": "The rows of all splits.",
        "encodingFormat": PARQUET,
        "includes": [f"data/{split.name}-*.parquet" for split in facts.splits],
    }
    content = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": title(facts),
        "description": _description(facts),
        "version": version,
        "inLanguage": "en",
        "keywords": ["taskgen", "reasoning", "verifiable rewards", *(task.name for task in facts.tasks)],
        **({"license": LICENCE_URL} if licence(facts) == LICENCE else {}),
        "distribution": [*files, rows],
        "recordSet": [_splits(facts), _records(facts)],
    }
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _description(facts: DatasetFacts) -> str:
    if not facts.tasks:
        return f"{facts.rows:,} rows curated with taskgen."
    return (
        f"{facts.rows:,} problems whose answers a program can check, made by taskgen; README.md tells how they were "
        "made and are judged."
    )


def _splits(facts: DatasetFacts) -> dict[str, Any]:
    name = f"{SPLITS}/name"
    return {
        "@type": "cr:RecordSet",
        "@id": SPLITS,
        "name": SPLITS,
        "dataType": "cr:Split",
        "key": {"@id": name},
        "field": [{"@type": "cr:Field", "@id": name, "name": "name", "dataType": "sc:Text"}],
        "data": [{name: split.name} for split in facts.splits],
    }


def _records(facts: DatasetFacts) -> dict[str, Any]:
    columns = [
        (column, _data_type(field.type)) for column, field in zip(described(facts.schema), facts.schema, strict=True)
    ]
    fields = [_field(column.name, column.meaning, kind) for column, kind in columns if kind is not None]
    return {"@type": "cr:RecordSet", "@id": RECORDS, "name": RECORDS, "field": [*fields, _file_split(facts)]}


def _field(name: str, meaning: str, kind: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{RECORDS}/{name}",
        "name": name,
        **({"description": meaning} if meaning else {}),
        "dataType": kind,
        "source": {"fileSet": {"@id": ROWS}, "extract": {"column": name}},
    }


def _file_split(facts: DatasetFacts) -> dict[str, Any]:
    """The split of the file that a row is in, which every dataset has, whether or not there is a column of it."""
    names = "|".join(split.name for split in facts.splits)
    return {
        "@type": "cr:Field",
        "@id": f"{RECORDS}/file_split",
        "name": "file_split",
        "description": "the split that the row is in, as the name of its file says",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": ROWS},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": f"(?:data/)?({names})(?:-.+)?"},  # it may be applied to its own result
        },
        "references": {"field": {"@id": f"{SPLITS}/name"}},
    }


def _data_type(kind: Any) -> str | None:
    types = pyarrow.types
    if types.is_string(kind) or types.is_large_string(kind):
        return "sc:Text"
    if types.is_boolean(kind):
        return "sc:Boolean"
    if types.is_integer(kind):
        return "sc:Integer"
    return "sc:Float" if types.is_floating(kind) else None
