"""The toy task of the engine's tests, for the command line too."""

from tests.engine.conftest import toys as toys
