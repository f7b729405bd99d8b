"""The toy task of the engine's tests, for curation too, and sources of made rows."""

import pytest

from taskgen.curation.sources import open_source
from tests.curation.made_rows import write
from tests.engine.conftest import toys as toys


@pytest.fixture
def sources(tmp_path):
    """A way to write rows to files and open them, in this order."""

    def opened(**content):
        return [open_source(write(tmp_path / f"{name}.parquet", rows)) for name, rows in content.items()]

    return opened
