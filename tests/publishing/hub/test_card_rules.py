"""The rules by which the Hub of the tests checks a card are those that the Hub documents."""

import pytest

from tests.hub.cards import faults
from tests.publishing.hub.dressed import CARD

INFO = """dataset_info:
  features:
  - name: id
    dtype: string
  splits:
  - name: train
    num_bytes: 10
    num_examples: 1
  download_size: 10
  dataset_size: 10
---"""


def test_a_card_as_it_should_be_is_taken():
    assert faults(CARD) == []
    assert faults(CARD.replace("---\n# K", INFO + "\n# K")) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("license: apache-2.0", "license: Apache 2"),
        ("language: en", "language: English"),
        ("n<1K", "1000"),
        ("- text-generation", "- puzzles"),
        ("config_name: default", "name: default"),
        ("split: train", "split: train set"),
        ("path: data/train-*", "glob: data/train-*"),
        ("pretty_name: Knights", "pretty_name: [1]"),
        ("pretty_name: Knights", "tags: logic"),
        ("pretty_name: Knights", "pretty_name: [Knights"),
        ("pretty_name: Knights", "dataset_info:\n- features: []"),
        ("pretty_name: Knights", "dataset_info:\n  features:\n  - id"),
        ("pretty_name: Knights", "dataset_info:\n  splits:\n  - name: train\n    num_bytes: 1"),
    ],
)
def test_a_card_that_breaks_a_rule_is_not(right, wrong):
    assert right in CARD
    assert faults(CARD.replace(right, wrong)) != []
