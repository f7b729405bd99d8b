"""Decontamination: drop the training rows that are, or contain, an item of an evaluation set.

Two layers decide, and a third one reports: the ids of problems, wherever a row can be read as one; the text, by the
n-grams that it shares with an item; and embeddings from an endpoint of the user's.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from taskgen.curation.decontamination.columns import TextColumns
from taskgen.curation.decontamination.embeddings import EmbeddingReport
from taskgen.curation.decontamination.index import Index, is_index, join_indexes, make_index, read_index, write_index
from taskgen.curation.decontamination.keys import read_key
from taskgen.curation.decontamination.layers import Layers
from taskgen.curation.decontamination.presets import PRESETS
from taskgen.curation.sources import Source, open_source, plain_name
from taskgen.curation.stages import Plan, Report, Selection, Settings, no_report, select, stage_folder
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import StageEntry, read_manifest


class DecontaminateSettings(Settings, frozen=True):
    """The evaluation sets, and the rule of the text layer."""

    against: Annotated[
        tuple[str, ...], Meta(min_length=1, description="evaluation sets: anything that can be read, or saved indexes")
    ]
    preset: Annotated[
        Literal["default", "gpt3-13", "s1-8", "tulu3-8-50"], Meta(description="the rule of the text layer")
    ] = "default"
    template_share: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description="share of a family's texts above which an n-gram is template; without it, as the preset says"),
    ] = None
    embeddings: Annotated[
        str | None, Meta(description="URL#MODEL of an OpenAI-compatible endpoint, for a report of near texts")
    ] = None
    key_file: Annotated[str | None, Meta(description="file with the key that the indexes were made under")] = None


def decontaminate(
    source: Source,
    out: Path,
    settings: DecontaminateSettings,
    report: Report = no_report,
    index_file: Path | None = None,
) -> StageEntry:
    """Drop the rows of a source that an evaluation set holds, too.

    Reasons: `evaluation_instance`, the same problem (or, where nothing else is known of a row, the same text);
    `evaluation_structure`, the same problem relabelled; `text_overlap`. `matched` is the set and the row in it. With
    `embeddings` the folder also holds `embeddings.parquet`; `index_file` keeps the index. Raises UsageError where a
    source cannot be read as text, and what `stage_folder` and the endpoint raise.
    """
    key = _key(settings.key_file)
    references = tuple(open_source(name) for name in settings.against)
    embeddings = None
    if settings.embeddings is not None:
        saved = [name for name in settings.against if is_index(name)]
        if saved:
            raise UsageError(f"{saved[0]} is an index and holds no text: for embeddings name the dataset itself")
        embeddings = EmbeddingReport(settings.embeddings, references)
    columns = TextColumns(source, PRESETS[settings.preset].answers)
    index = None
    if index_file is not None:
        _check_place(index_file)
        index = _index(references, key, report)
        write_index(index, index_file)
    with stage_folder(_plan(source, settings, references), out) as folder:
        if isinstance(folder, StageEntry):
            return folder
        index = index or _index(references, key, report)
        layers = Layers(source, columns, index, settings.preset, settings.template_share, key)
        layers.look(report)
        with ExitStack() as stack:
            near = stack.enter_context(embeddings.comparing(folder.path, columns)) if embeddings else None

            def choose(start: int, table: Any) -> Selection:
                if near is not None:
                    near(start, table)
                return layers.choose(start, table)

            select(source, folder, choose, report)
        folder.notes |= layers.notes() | ({"embeddings": embeddings.notes()} if embeddings else {})
    return read_manifest(out).stages[-1]


def save_index(sources: Sequence[Source], path: Path, key_file: str | None = None, report: Report = no_report) -> int:
    """Write one index of several evaluation sets or indexes; the result is its number of items.

    Raises UsageError where a source has no text, or where another file has that name already.
    """
    _check_place(path)
    index = _index(sources, _key(key_file), report)
    write_index(index, path)
    return int(index.table.num_rows)


def _check_place(path: Path) -> None:
    if path.suffix != ".parquet":
        raise UsageError(f"{path} does not end in .parquet, as an index does")
    if path.exists() and not is_index(str(path)):
        raise UsageError(f"{path} is there already and is no index; choose another name")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it first, or choose another place for the index")


def _key(key_file: str | None) -> bytes | None:
    return read_key(Path(key_file)) if key_file is not None else None


def _index(sources: Sequence[Source], key: bytes | None, report: Report) -> Index:
    return join_indexes(
        [
            read_index(source.files[0].path, key) if is_index(source.name) else make_index(source, key, report)
            for source in sources
        ]
    )


def _plan(source: Source, settings: DecontaminateSettings, references: tuple[Source, ...]) -> Plan:
    """The plan, whose settings name no place on this machine."""
    named = msgspec.structs.replace(
        settings,
        against=tuple(map(plain_name, settings.against)),
        embeddings=settings.embeddings and settings.embeddings.rpartition("#")[2],
        key_file=settings.key_file and Path(settings.key_file).name,
    )
    return Plan("decontaminate", named, (source,), references)
