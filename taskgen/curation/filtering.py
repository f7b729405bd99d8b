"""Filtering: keep the records that a policy sometimes solves, and write down how often."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import numpy
import pyarrow
import pyarrow.compute
from msgspec import Meta

from taskgen.curation.cell_counts import Policy, check_overlap, choose_policy, count
from taskgen.curation.pass_rates import pass_rates
from taskgen.curation.rollouts.settings import parse_band
from taskgen.curation.rollouts.tallies import tallies
from taskgen.curation.sources import Source, plain_name
from taskgen.curation.stages import Plan, Report, Selection, Settings, no_report, run_stage
from taskgen.engine.errors import UsageError
from taskgen.engine.manifest import InputEntry, StageEntry

COLUMNS = pyarrow.schema(
    [
        ("pass_rate", pyarrow.float64()),
        ("pass_rate_low", pyarrow.float64()),
        ("pass_rate_high", pyarrow.float64()),
        ("rollouts", pyarrow.int32()),
        ("rollouts_correct", pyarrow.int32()),
        ("rollouts_censored", pyarrow.int32()),
        ("pass_rate_model", pyarrow.string()),
        ("pass_rate_settings", pyarrow.string()),
    ]
)
"""What is written beside every row: the posterior mean of its pass rate with the 5 % and 95 % quantiles (null where no
rollout was judged), how many rollouts were judged, were correct and were cut short, and whose they are.
"""
MARKS = pyarrow.schema([("keep", pyarrow.bool_()), ("reason", pyarrow.string())])
BAND = "0.2:0.8"
DIGITS = 6
"""Rates are rounded before they decide, so that the last bits of a sum on some machine decide nothing."""
BATCH = 65_536


class FilterSettings(Settings, frozen=True):
    """Which records stay, and by whose rollouts: the only model and settings there are, or the ones named here."""

    pass_rate: Annotated[str | None, Meta(description=f"pass rates LOW:HIGH that stay; without it {BAND}")] = None
    drop_extremes: Annotated[
        bool, Meta(description="in place of a band, drop what was solved always or never (as DAPO does)")
    ] = False
    by: Annotated[
        Literal["posterior", "observed"], Meta(description="what is compared with the band: posterior mean or share")
    ] = "posterior"
    model: Annotated[str | None, Meta(description="whose rollouts count")] = None
    settings: Annotated[str | None, Meta(description="sampling settings that count, as the rollouts have them")] = None
    mark: Annotated[bool, Meta(description="keep every row and add the columns keep and reason")] = False

    def band(self) -> tuple[float, float] | None:
        """The rates that stay; None where only the extremes go. Raises UsageError."""
        if self.drop_extremes and self.pass_rate is not None:
            raise UsageError("pass_rate and drop_extremes exclude each other; choose one")
        return None if self.drop_extremes else parse_band(self.pass_rate or BAND)

    def fault(self) -> tuple[tuple[str | int, ...], str] | None:
        """A band that cannot be read, or that comes with drop_extremes."""
        try:
            self.band()
        except UsageError as error:
            return ("pass_rate",), str(error)
        return None


def filter_by_pass_rate(
    source: Source, folders: Sequence[Path], out: Path, settings: FilterSettings, report: Report = no_report
) -> StageEntry:
    """Keep the rows whose pass rate lies in the band, its ends included, joined with ROLLOUTS folders by id.

    What decides is the posterior mean, or with `by="observed"` the share of judged rollouts that are correct; with
    `drop_extremes` only that these were not all right or all wrong. Reasons: `too_easy`, `too_hard`, `always_solved`,
    `never_solved`, `no_rollouts` (none was judged). All rows get COLUMNS; with `mark` all stay and get MARKS. Columns
    of these names that there are already are replaced. Raises UsageError where the rollouts leave open which model is
    meant or are of other records, and what `run_stage` raises.
    """
    _check_column(source)
    band = settings.band()
    policy, tables = _read(folders, settings)
    rates = _Rates(pyarrow.concat_tables(tables), policy, band or parse_band(BAND))
    inputs = tuple(_input(folder, table) for folder, table in zip(folders, tables, strict=True))
    named = msgspec.structs.replace(settings, model=policy.model, settings=policy.settings)
    _check_ids(source, rates, folders)
    marked: Counter[str] = Counter()

    def choose(start: int, table: Any) -> Selection:
        found = rates.of(table)
        reasons = _reasons(found, band, settings.by)
        keep = reasons == ""
        if not settings.mark:
            table, dropped = _with_columns(table, found), numpy.flatnonzero(~keep)
            return Selection(keep, reasons[dropped].tolist(), (), _details(found, dropped), table)
        marked.update(reasons[~keep].tolist())
        marks = [pyarrow.array(keep), pyarrow.array(reasons, pyarrow.string())]
        added = pyarrow.Table.from_arrays([*found.columns, *marks], schema=pyarrow.schema([*COLUMNS, *MARKS]))
        return Selection(numpy.ones(table.num_rows, bool), (), table=_with_columns(table, added))

    notes = rates.notes() | ({"marked": marked} if settings.mark else {})  # counted while the rows are written
    return run_stage(Plan("filter", named, (source,), measured=inputs), out, choose, report, **notes)


def _read(folders: Sequence[Path], settings: FilterSettings) -> tuple[Policy, list[Any]]:
    """The policy that counts, and its tallies in each folder."""
    tables = [tallies(folder) for folder in folders]
    check_overlap(folders, tables)
    counts = count(pyarrow.concat_tables(tables), " and ".join(map(str, folders)))
    policy = counts.policies[choose_policy(counts, settings.model, settings.settings)]
    return policy, [table.filter(_is(policy, table)) for table in tables]


def _is(policy: Policy, table: Any) -> Any:
    equal = pyarrow.compute.equal
    return pyarrow.compute.and_(equal(table["model"], policy.model), equal(table["settings"], policy.settings))


def _input(folder: Path, table: Any) -> InputEntry:
    """A folder of rollouts in the manifest; the hash is that of the tallies, whatever files they are in."""
    digest = hashlib.sha256()
    for batch in table.combine_chunks().to_batches(BATCH):
        digest.update(msgspec.json.encode(batch.to_pydict(), order="deterministic"))
    return InputEntry(plain_name(str(folder)), table.num_rows, (digest.hexdigest(),))


class _Rates:
    """The pass rates of all records that a policy was sampled on, to be found by id."""

    def __init__(self, table: Any, policy: Policy, band: tuple[float, float]) -> None:
        cells, tasks = _numbers(table, "task", "difficulty", "knobs"), _numbers(table, "task")
        counts = {name: table[name].to_numpy().astype(numpy.int32) for name in ("trials", "correct", "censored")}
        found = pass_rates(cells, counts["correct"], counts["trials"], band, tasks)
        unknown = counts["trials"] == 0
        shown = [pyarrow.array(each.round(DIGITS), mask=unknown) for each in (found.mean, found.low, found.high)]
        self._place_of = {identity: place for place, identity in enumerate(table["id"].to_pylist())}
        self._policy = policy
        self._columns = [*shown, *(pyarrow.array(counts[name]) for name in ("trials", "correct", "censored"))]

    def of(self, table: Any) -> Any:
        """COLUMNS for the rows of a table; where a record was never sampled, the counts are 0 and the rates null."""
        places = self.places(table)
        columns = [column.take(places) for column in self._columns]
        columns[3:] = [column.fill_null(0) for column in columns[3:]]
        columns += [pyarrow.repeat(text, table.num_rows) for text in self._policy]
        return pyarrow.Table.from_arrays(columns, schema=COLUMNS)

    def places(self, table: Any) -> Any:
        """The place of each row's record; null where there is none."""
        return pyarrow.array(map(self._place_of.get, table["id"].cast(pyarrow.string()).to_pylist()), pyarrow.int64())

    def notes(self) -> dict[str, Any]:
        """Whose rollouts they are and how many."""
        trials, correct, censored = (int(pyarrow.compute.sum(column).as_py()) for column in self._columns[3:])
        return {
            "model": self._policy.model,
            "settings": self._policy.settings,
            "records": len(self._place_of),
            "rollouts": trials,
            "correct": correct,
            "censored": censored,
        }


def _numbers(table: Any, *columns: str) -> Any:
    """For each row the number of what it holds in some columns."""
    codes = numpy.zeros(table.num_rows, numpy.int64)
    for name in columns:
        values = table[name].combine_chunks().dictionary_encode()
        codes = codes * len(values.dictionary) + values.indices.to_numpy()
    return codes


def _check_column(source: Source) -> None:
    """Raise UsageError where a source has no ids that a record could have."""
    source.require("id")
    kind = source.schema.field("id").type
    if not (pyarrow.types.is_string(kind) or pyarrow.types.is_integer(kind)):
        raise UsageError(f"{source.name}: column id holds {kind}, not the ids of records")


def _check_ids(source: Source, rates: _Rates, folders: Sequence[Path]) -> None:
    """Raise UsageError where no row of a source was sampled: then the rollouts are of another dataset."""
    if not any(rates.places(table).null_count < table.num_rows for table in source.tables(["id"])):
        names = " and ".join(map(str, folders))
        raise UsageError(f"{names} holds rollouts of other records: no id of {source.name} is among them")


def _reasons(found: Any, band: tuple[float, float] | None, by: str) -> Any:
    """For each row why it goes; an empty text where it stays."""
    trials, correct = found["rollouts"].to_numpy(), found["rollouts_correct"].to_numpy()
    with numpy.errstate(invalid="ignore"):
        observed = correct / trials
    if band is None:
        faults = [("never_solved", correct == 0), ("always_solved", correct == trials)]
    else:
        rate = found["pass_rate"].to_numpy() if by == "posterior" else observed
        faults = [("too_hard", rate < band[0]), ("too_easy", rate > band[1])]
    names, masks = zip(("no_rollouts", trials == 0), *faults, strict=True)
    return numpy.select(masks, [numpy.array(name, object) for name in names], numpy.array("", object))


def _details(found: Any, rows: Any) -> list[str]:
    """What is known of some rows, in words."""
    details = []
    for row in found.take(pyarrow.array(rows)).to_pylist():
        parts = [f"{row['rollouts_correct']} of {row['rollouts']} correct"]
        if row["rollouts"]:
            parts.insert(0, f"{row['pass_rate']:.3f} ({row['pass_rate_low']:.3f} to {row['pass_rate_high']:.3f})")
        if row["rollouts_censored"]:
            parts.append(f"{row['rollouts_censored']} cut short")
        details.append(", ".join(parts))
    return details


def _with_columns(table: Any, added: Any) -> Any:
    """A table with columns at its end, in place of those of the same names."""
    table = table.drop_columns([name for name in added.column_names if name in table.column_names])
    for field in added.schema:
        table = table.append_column(field, added[field.name])
    return table
