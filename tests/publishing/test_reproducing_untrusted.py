"""A folder to be made again may be from anybody: nothing outside of it is read, what it does not tell is said."""

import json

import pytest

from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, UsageError
from taskgen.engine.orders import place_order
from taskgen.publishing.reproducing import reproduce
from tests.curation.rollouts.conftest import serve as serve
from tests.curation.rollouts.conftest import served as served
from tests.engine.conftest import command
from tests.engine.conftest import toys as toys
from tests.publishing.curated import LOAD, curate
from tests.publishing.curated import sampled as sampled
from tests.publishing.curated import work as work


@pytest.fixture(autouse=True)
def toy_task(toys):
    """All folders here hold additions."""


@pytest.mark.parametrize("place", ["/etc/passwd", "/", "../rows.jsonl", "a/../../rows.jsonl"])
def test_a_recipe_from_anywhere_reads_nothing_outside_of_its_folder(work, place):
    made = curate(work, LOAD)
    for name in ("recipe.yaml", "manifest.json"):
        (made / name).write_text((made / name).read_text().replace("rows.jsonl", place))
    with pytest.raises(UsageError) as refusal:
        reproduce(made)
    assert str(refusal.value) == (
        f"{made / 'recipe.yaml'} names {made / place}, which lies outside of {made}; if you trust the recipe, say with "
        "--inputs from where its files are looked up"
    )
    assert not made.with_name("made-reproduced").exists()


def test_a_recipe_that_is_trusted_is_looked_up_from_where_one_says(work):
    (work / "recipes").mkdir()
    made = curate(work / "recipes", LOAD.replace("rows.jsonl", "../rows.jsonl").replace("exam", "../exam"))
    assert reproduce(made, inputs=work / "recipes").different == {}


@pytest.mark.parametrize(
    ("stage", "lost"),
    [(0, {"inputs": []}), (0, {"inputs": [{"name": "rows.jsonl", "rows": 4, "sha256": []}]}), (2, {"inputs": []})],
)
def test_a_manifest_that_does_not_tell_what_went_into_a_recipe_is_said(work, stage, lost):
    made = curate(work, LOAD)
    manifest = json.loads((made / "manifest.json").read_bytes())
    manifest["stages"][stage] |= lost
    (made / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Damaged) as refusal:
        reproduce(made, inputs=work)
    assert str(refusal.value) == (
        f"{made / 'manifest.json'} does not tell all that went into {made}: it was edited, or is not from taskgen"
    )


@pytest.mark.parametrize("lost", ["notes", "settings"])
def test_a_manifest_that_does_not_tell_what_was_sampled_is_said(work, sampled, lost):
    made = curate(work, sampled[0])
    manifest = json.loads((made / "manifest.json").read_bytes())
    (entry,) = (entry for entry in manifest["stages"] if entry["stage"] == "rollout")
    entry[lost] = {}
    (made / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises((Damaged, UsageError), match=r"does not tell all that went into|which nobody gets twice"):
        reproduce(made)


@pytest.mark.parametrize("written", ["", "..", "/etc", "../work/sums"])
def test_the_input_of_a_single_command_has_a_name_without_a_path(tmp_path, written):
    build(place_order([("addition", (1,))], count=9), tmp_path / "sums", workers=1)
    assert command("dedup", "sums", cwd=tmp_path)[0] == 0
    manifest = tmp_path / "sums-dedup/manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "sums"', f'"name": "{written}"'))
    with pytest.raises(Damaged, match="does not tell all that went into"):
        reproduce(manifest.parent)
