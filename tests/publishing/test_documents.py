"""What the documents say of datasets is what the code says."""

from pathlib import Path

import taskgen
from taskgen.publishing.cards.columns import COLUMNS
from taskgen.publishing.exports.formats import FORMATS

ROOT = Path(__file__).parents[2]


def test_the_table_of_columns_is_the_one_that_cards_have():
    page = (ROOT / "docs" / "publishing.md").read_text()
    rows = [
        f"| `{name}` | {column.kind} | {column.meaning} | `{column.added_by}` |" for name, column in COLUMNS.items()
    ]
    assert "\n".join(rows) in page


def test_every_trainer_has_its_row_in_the_table_of_exports():
    page = (ROOT / "docs" / "publishing.md").read_text()
    assert [name for name in FORMATS if f"| `{name}` | " not in page] == []


def test_every_task_has_a_page_that_the_index_links_to():
    index = (ROOT / "data_cards" / "README.md").read_text()
    assert [name for name in taskgen.tasks() if f"[{name}]({name}.md)" not in index] == []
