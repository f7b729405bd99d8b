"""Datasets with cards, for all tests of publishing, and the toy task."""

from tests.engine.conftest import toys as toys
from tests.publishing.card_inputs import curated as curated
from tests.publishing.card_inputs import foreign as foreign
from tests.publishing.card_inputs import generated as generated
