"""What is shown in a card beside its text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plot:
    """A plot of the dataset: the file `plots/NAME.png`, what it shows in a sentence, its bytes."""

    name: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Picture:
    """A problem drawn as people draw it, in two formats: the files `pictures/TASK.svg` and `pictures/TASK.png`."""

    svg: bytes
    png: bytes
    description: str
    """What is seen, for those who cannot see it."""
