"""The YAML at the head of a dataset's card, by which the Hub and `datasets` know what the folder holds.

The keys are those of the Hub's specification (huggingface/hub-docs, datasetcard.md).
"""

from typing import Any

import yaml

from taskgen.publishing.cards.features import features
from taskgen.publishing.cards.origins import licence, sources
from taskgen.publishing.cards.titles import title
from taskgen.publishing.facts import DatasetFacts

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B")
CATEGORIES = ["text-generation", "question-answering"]
TAGS = ["taskgen", "reasoning", "verifiable-rewards", "grpo", "synthetic"]
MACHINE = ["machine-generated"]


def front_matter(facts: DatasetFacts) -> str:
    """The YAML block, without the lines of dashes around it."""
    domains = sorted({task.domain for task in facts.tasks})
    head: dict[str, Any] = {
        "license": licence(facts),
        "language": ["en"],
        "pretty_name": title(facts),
        "tags": list(dict.fromkeys([*TAGS, *domains, *(task.name for task in facts.tasks)])),
        "task_categories": CATEGORIES,
        "size_categories": [size_category(facts.rows)],
        "source_datasets": sources(facts),
        "annotations_creators": MACHINE,
        "language_creators": MACHINE,
        "multilinguality": ["monolingual"],
        "configs": [{"config_name": "default", "data_files": _data_files(facts)}],
        "dataset_info": _dataset_info(facts),
    }
    plain = {name: list(value) if isinstance(value, list) else value for name, value in head.items()}  # no anchors
    text: str = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=1_000)
    return text


def size_category(rows: int) -> str:
    """The Hub's class of a dataset's size."""
    return SIZES[max(0, len(str(rows)) - 3)]


def _data_files(facts: DatasetFacts) -> list[dict[str, str]]:
    """A pattern for each split, so that nothing else in the folder is taken for data."""
    return [{"split": split.name, "path": f"data/{split.name}-*.parquet"} for split in facts.splits]


def _dataset_info(facts: DatasetFacts) -> dict[str, Any]:
    splits = [
        {"name": split.name, "num_bytes": split.bytes_in_memory, "num_examples": split.rows} for split in facts.splits
    ]
    return {
        "features": features(facts.schema),
        "splits": splits,
        "download_size": sum(split.bytes_on_disk for split in facts.splits),
        "dataset_size": sum(split.bytes_in_memory for split in facts.splits),
    }
