"""Datasets on the Hub as sources: the files of one configuration at one commit, through the Hub's own cache.

Which files belong to a configuration and a split is for `datasets` to say: it is shown a folder of empty files with the
names of the repository's, so that it needs neither the data nor a network.
"""

import glob
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from taskgen.curation.sources import data_format
from taskgen.engine.errors import Trouble, UsageError

FORM = "hf:ID[@REVISION][:CONFIG[:SPLIT]]"
_CARD = ("README.md", ".huggingface.yaml", "manifest.json")


class HubPlace(NamedTuple):
    """What `hf:ID[@REVISION][:CONFIG[:SPLIT]]` says."""

    repository: str
    revision: str | None
    config: str | None
    split: str | None


class HubFiles(NamedTuple):
    """Files in the cache, each with its split; the commit they are of, its folder, and the only split read, if one."""

    files: tuple[tuple[Path, str], ...]
    revision: str
    folder: Path
    split: str | None


def hub_files(place: str, split: str | None = None) -> HubFiles:
    """Fetch what a place on the Hub names; what the cache holds is not fetched again, offline it must hold all.

    Raises UsageError where there is no such repository, revision, configuration or split, or no file that can be read;
    Trouble where the Hub cannot be reached or gives no access.
    """
    asked = parse_place(place)
    if split and asked.split and split != asked.split:
        raise UsageError(f"{place} names the split {asked.split}, but {split} is wanted")
    split = asked.split or split
    with _plain_words(asked):
        folder = _fetch(asked.repository, asked.revision, _CARD)
        commit = folder.name
        from huggingface_hub import get_cached_repo_tree

        tree = get_cached_repo_tree(asked.repository, repo_type="dataset", revision=commit)
        paths = [file.path for file in tree if _is_data(file.path)]
        if not paths:
            raise UsageError(
                f"{place} holds no Parquet, JSONL or CSV file; the Hub may have made a Parquet copy of it: "
                f"hf:{asked.repository}@refs/convert/parquet"
            )
        splits = _resolve(asked, folder, paths)
        if split is not None and split not in splits:
            raise UsageError(f"{place} has no split {split} (splits: {', '.join(splits)})")
        chosen = [(path, name) for name in splits if split in (None, name) for path in splits[name]]
        _fetch(asked.repository, commit, [path for path, _ in chosen])
    return HubFiles(tuple((folder / path, name) for path, name in chosen), commit, folder, split)


def parse_place(place: str) -> HubPlace:
    """The parts of a place on the Hub. Raises UsageError where it cannot be read."""
    found = re.fullmatch(r"hf:([\w.-]+(?:/[\w.-]+)?)(?:@([^:]+))?(?::([^:]+)(?::([^:]+))?)?", place)
    if not found:
        raise UsageError(f"{place} cannot be read; write {FORM}")
    return HubPlace(*found.groups())


def _is_data(path: str) -> bool:
    return data_format(path) is not None and path not in _CARD and ".." not in path.split("/") and path[0] != "/"


def _fetch(repository: str, revision: str | None, paths: Sequence[str]) -> Path:
    """The folder in the cache that holds these files of a commit, those that the repository has."""
    from huggingface_hub import snapshot_download

    patterns = [glob.escape(path) for path in paths]
    return Path(snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=patterns))


def _resolve(asked: HubPlace, folder: Path, paths: Sequence[str]) -> dict[str, list[str]]:
    """The paths of every split of a configuration. Raises UsageError where there is no such configuration."""
    import datasets
    import yaml

    what = f"hf:{asked.repository}"
    with TemporaryDirectory(prefix="taskgen-hub-") as scratch:
        shown = Path(scratch).resolve() / "repository"
        for path in paths:
            (shown / path).parent.mkdir(parents=True, exist_ok=True)
            (shown / path).touch()
        for name in _CARD[:2]:
            if (folder / name).exists():
                (shown / name).write_bytes((folder / name).read_bytes())
        try:
            configs = datasets.get_dataset_config_names(str(shown))
            config = asked.config or datasets.get_dataset_default_config_name(str(shown))
            if config not in configs:
                wanted = f"no configuration {config}" if config else f"several configurations, name one as {what}:NAME"
                raise UsageError(f"{what} has {wanted} (configurations: {', '.join(configs)})")
            builder = datasets.load_dataset_builder(str(shown), name=config, cache_dir=str(Path(scratch, "cache")))
        except UsageError:
            raise
        except (datasets.exceptions.DatasetsError, FileNotFoundError, ValueError, yaml.YAMLError) as error:
            text = " ".join(str(error).partition(" with any supported extension")[0].split())
            raise UsageError(f"{what}: its card does not fit it: {text.replace(str(shown), '.')[:200]}") from None
        files: dict[Any, Any] = builder.config.data_files or {}
        return {str(split): [Path(path).relative_to(shown).as_posix() for path in own] for split, own in files.items()}


@contextmanager
def _plain_words(asked: HubPlace) -> Iterator[None]:
    """Say in one line what the clients raise, and keep them from saying more."""
    import datasets  # noqa: F401  (both set the levels of their loggers when they are imported)
    from huggingface_hub import errors, snapshot_download  # noqa: F401
    from huggingface_hub.utils import disable_progress_bars

    what = f"hf:{asked.repository}"
    local = "; a local copy (a file or a folder) can be given in its place"
    if not sys.stderr.isatty():
        disable_progress_bars()
    loggers = {name: logging.getLogger(name).level for name in ("huggingface_hub", "datasets")}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    except errors.GatedRepoError:
        raise Trouble(
            f"{what} is gated: ask for access on its page, then log in with `hf auth login` or set HF_TOKEN{local}"
        ) from None
    except errors.RepositoryNotFoundError:
        raise UsageError(
            f"{what} is not on the Hub, or private; check the name, or log in with `hf auth login`{local}"
        ) from None
    except errors.RevisionNotFoundError:
        raise UsageError(f"{what} has no revision {asked.revision}") from None
    except errors.HFValidationError as error:
        raise UsageError(f"{what} is no name of a dataset: {' '.join(str(error).split())}") from None
    except errors.CachedRepoTreeNotFoundError:
        raise Trouble(f"{what} is not listed in the cache; repeat once with a network{local}") from None
    except errors.LocalEntryNotFoundError as error:
        answer = error.__cause__
        reached = f"answered {answer.response.status_code}" if isinstance(answer, errors.HfHubHTTPError) else "is away"
        raise Trouble(f"{what} is not in the cache, or only in part, and the Hub {reached}{local}") from None
    except errors.HfHubHTTPError as error:
        raise Trouble(f"{what}: the Hub answered {error.response.status_code}; try again later{local}") from None
    finally:
        for name, level in loggers.items():
            logging.getLogger(name).setLevel(level)
