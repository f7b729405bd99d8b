"""The toy task of the engine's tests, for curation too."""

from tests.engine.conftest import toys as toys
