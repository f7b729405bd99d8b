"""`taskgen reproduce`: a folder is made again from what it says of itself; what is missing or another is said."""

import hashlib
import json
import shutil
import signal
import time

import pyarrow.parquet
import pytest

from taskgen.curation.recipes.reading import read_recipe
from taskgen.curation.rollouts.sampling import rollout
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.curation.sources import open_source
from taskgen.engine.building import build
from taskgen.engine.errors import Damaged, FolderTaken, UsageError
from taskgen.engine.orders import place_order
from taskgen.publishing.reproducing import reproduce
from taskgen.registry import UnknownTask
from tests.curation.in_process import in_process
from tests.curation.rollouts.conftest import serve as serve
from tests.curation.rollouts.conftest import served as served
from tests.engine.conftest import command, contents, start
from tests.engine.conftest import toys as toys
from tests.publishing.curated import DEDUP, GENERATE, LOAD, PUBLISH, TRAIN, curate
from tests.publishing.curated import sampled as sampled
from tests.publishing.curated import work as work


@pytest.fixture(autouse=True)
def toy_task(toys):
    """All folders here hold additions."""


@pytest.fixture
def generated(tmp_path):
    """A folder of `generate` with two splits."""
    for split, count in (("train", 30), ("test", 5)):
        build(place_order([("addition", (1, 2))], count=count, split=split), tmp_path / "sums", workers=1)
    return tmp_path / "sums"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def edit(folder, old, new):
    """Change words in a manifest."""
    text = (folder / "manifest.json").read_text()
    assert old in text
    (folder / "manifest.json").write_text(text.replace(old, new))


def data(folder):
    return {name: content for name, content in contents(folder).items() if name.startswith("data/")}


def test_a_generated_folder_comes_out_the_same(generated):
    result = reproduce(generated)
    assert (result.out, result.different, result.notes) == (generated.with_name("sums-reproduced"), {}, ())
    assert len(data(generated)) == 2
    assert data(result.out) == data(generated)


def test_the_command_ends_with_one_line_and_0(generated):
    code, output, complaints = command("reproduce", "sums", cwd=generated.parent)
    assert (code, complaints) == (0, "")
    assert output.splitlines()[-1] == "sums: the same bytes: 2 files, 35 rows, in sums-reproduced"
    assert f"sums-reproduced/{TRAIN}  is the same" in output


def test_other_bytes_are_named_and_end_with_1(generated):
    edit(generated, sha256(generated / TRAIN), "0" * 64)
    code, output, complaints = command("reproduce", "sums", "--out", "again", cwd=generated.parent)
    assert code == 1
    assert complaints.splitlines()[-1] == f"taskgen: sums was not reproduced: {TRAIN} differs"
    assert f"again/{TRAIN}  differs" in output


def test_a_file_that_was_changed_since_is_said_and_made_again_as_it_was(generated):
    original = (generated / TRAIN).read_bytes()
    (generated / TRAIN).write_bytes(original + b"x")
    (generated / "data/test-00000-of-00001.parquet").unlink()
    result = reproduce(generated)
    assert result.different == {}
    assert [note.partition(";")[0] for note in result.notes] == [
        f"{generated / 'data/test-00000-of-00001.parquet'} is missing",
        f"{generated / TRAIN} was changed since",
    ]
    assert (result.out / TRAIN).read_bytes() == original


def test_another_taskgen_is_said(generated):
    edit(generated, '"taskgen": "', '"taskgen": "9.')
    (note,) = reproduce(generated).notes
    assert note.startswith(f"{generated} was made by taskgen 9.")


def test_another_version_of_a_task_is_said(generated):
    edit(generated, '"task_version": 1', '"task_version": 7')
    (note,) = reproduce(generated).notes
    assert note == f"{generated} holds version 7 of addition, this taskgen has version 1"


def test_another_pyarrow_is_said_and_so_is_that_the_rows_are_the_same(generated):
    before = sha256(generated / TRAIN)
    written = (generated / TRAIN).read_bytes()
    writer = pyarrow.parquet.read_metadata(generated / TRAIN).created_by.encode()
    (generated / TRAIN).write_bytes(written.replace(writer, writer[:-6] + b"12.3.4"))
    edit(generated, before, sha256(generated / TRAIN))
    result = reproduce(generated)
    assert result.different == {TRAIN: "has the same rows in other bytes"}
    (note,) = result.notes
    assert "was written by parquet-cpp-arrow version 12.3.4, this is pyarrow" in note


@pytest.mark.parametrize(
    ("content", "kind", "complaint"),
    [
        (None, UsageError, r"set has no manifest\.json, so nothing says how it was made"),
        ("{", Damaged, r"set/manifest\.json is not a manifest of taskgen's, or is damaged"),
        ("[]", Damaged, r"set/manifest\.json is not a manifest of taskgen's, or is damaged"),
        ("{}", UsageError, r"set/manifest\.json tells of no command that made anything"),
    ],
)
def test_a_folder_that_does_not_say_how_it_was_made_is_refused(tmp_path, content, kind, complaint):
    (tmp_path / "set").mkdir()
    if content is not None:
        (tmp_path / "set/manifest.json").write_text(content)
    with pytest.raises(kind, match=complaint):
        reproduce(tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is no folder"):
        reproduce(tmp_path / "file")
    with pytest.raises(UsageError, match="nothing does not exist"):
        reproduce(tmp_path / "nothing")


@pytest.mark.parametrize("out", [".", "data", ".."])
def test_a_place_in_or_around_the_original_is_refused(generated, out):
    before = contents(generated.parent)
    with pytest.raises(UsageError, match="are one folder, or one lies in the other; choose another --out"):
        reproduce(generated, generated / out)
    assert contents(generated.parent) == before


def test_a_place_that_is_taken_is_left_alone(generated, tmp_path):
    build(place_order([("addition", (1,))], count=3), tmp_path / "other", workers=1)
    before = contents(tmp_path / "other")
    with pytest.raises(FolderTaken, match="holds a train split that another command made"):
        reproduce(generated, tmp_path / "other")
    assert contents(tmp_path / "other") == before


def test_a_place_with_another_split_is_left_alone(generated, tmp_path):
    build(place_order([("addition", (1,))], count=3, split="validation"), tmp_path / "other", workers=1)
    before = contents(tmp_path / "other")
    with pytest.raises(FolderTaken, match=r"other holds a validation split, which .*sums has not"):
        reproduce(generated, tmp_path / "other")
    assert contents(tmp_path / "other") == before


def test_a_place_below_a_file_is_one_clear_line(generated):
    (generated.parent / "file").touch()
    code, _, complaints = command("reproduce", "sums", "--out", "file/again", cwd=generated.parent)
    assert (code, complaints) == (1, "taskgen: file/again: Not a directory\n")


def test_a_task_that_is_not_installed_is_named(generated):
    edit(generated, '"task": "addition"', '"task": "subtraction"')
    with pytest.raises(UnknownTask, match="subtraction"):
        reproduce(generated)
    assert not generated.with_name("sums-reproduced").exists()


def test_knobs_of_another_version_are_named(generated):
    edit(generated, r"{\"largest\":500", r"{\"largest\":5000000000")
    with pytest.raises(UsageError, match=r"sums was made with knobs that addition no longer has: .*largest"):
        reproduce(generated)


def test_ctrl_c_leaves_what_the_next_run_goes_on_from(tmp_path):
    order = place_order([("addition", (6,))], knobs={"pause": 2}, count=500)
    build(order, tmp_path / "slow", workers=2)
    process = start("reproduce", "slow", cwd=tmp_path)
    while len(list(tmp_path.glob("slow-reproduced/.taskgen/train/*.json"))) < 2:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=20)
    assert process.returncode == 130
    assert complaints.decode().splitlines()[-1].endswith("records are kept; the same command resumes")
    assert not (tmp_path / "slow-reproduced/manifest.json").exists()
    assert reproduce(tmp_path / "slow").different == {}


def test_a_recipe_comes_out_the_same_with_what_it_dropped_and_its_report(work):
    made = curate(work, GENERATE + DEDUP)
    result = reproduce(made)
    assert (result.different, result.notes) == ({}, ())
    assert {file.path for file in result.files} >= {TRAIN, "dropped/02-dedup.parquet", "report.md"}
    assert contents(result.out) == contents(made)


def test_inputs_are_looked_for_in_the_folder_or_where_one_says(work):
    made = curate(work, LOAD)
    digest = sha256(work / "rows.jsonl")
    with pytest.raises(UsageError) as refusal:
        reproduce(made)
    assert str(refusal.value) == (
        f"{made} was made from rows.jsonl (SHA-256 {digest}), which is missing: put it at {made / 'rows.jsonl'} or "
        "say with --inputs where it lies"
    )
    assert reproduce(made, inputs=work).different == {}
    for name in ("rows.jsonl", "exam.jsonl"):
        shutil.copy(work / name, made)
    assert reproduce(made).different == {}


@pytest.mark.parametrize("input_file", ["rows.jsonl", "exam.jsonl"])
def test_another_file_of_an_inputs_name_is_said_before_anything_runs(work, input_file):
    made = curate(work, LOAD)
    before = sha256(work / input_file)
    (work / input_file).write_text('{"question": "how much is it, all in all, in the end?"}\n')
    with pytest.raises(UsageError) as refusal:
        reproduce(made, inputs=work)
    assert str(refusal.value) == (
        f"{work / input_file} is not the {input_file} that {made} was made from: its SHA-256 is "
        f"{sha256(work / input_file)}, not {before}"
    )
    assert not made.with_name("made-reproduced").exists()


@pytest.mark.parametrize(
    ("old", "new", "number"), [("by: structure", "by: instance", 2), (DEDUP, "", 2), (DEDUP, DEDUP + "  - split\n", 3)]
)
def test_a_recipe_that_was_edited_in_the_folder_is_said(work, old, new, number):
    made = curate(work, GENERATE + DEDUP)
    (made / "recipe.yaml").write_text((made / "recipe.yaml").read_text().replace(old, new))
    with pytest.raises(UsageError, match=rf"recipe\.yaml was edited: stage {number} is not the one that the manifest"):
        reproduce(made)


def test_replayed_completions_are_an_input_like_any_other(work):
    made = curate(work, GENERATE)
    ids = pyarrow.parquet.read_table(made / TRAIN)["id"].to_pylist()
    said = [{"id": identity, "completions": ["<answer>0</answer>"] * 2} for identity in ids]
    (work / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))
    recipe = GENERATE + "  - rollout: {policy: 'replay:said.jsonl', max_samples: 2, fixed: true}\n  - split\n"
    made = curate(work, recipe)
    with pytest.raises(UsageError, match=r"was made from said\.jsonl \(SHA-256 [0-9a-f]{64}\), which is missing"):
        reproduce(made)
    assert reproduce(made, inputs=work).different == {}
    (work / "said.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said[1:]))
    with pytest.raises(UsageError, match=r"said\.jsonl is not the said\.jsonl that .* was made from"):
        reproduce(made, inputs=work)


def test_completions_in_the_folder_are_used_and_nothing_is_sampled_again(work, sampled):
    recipe, server = sampled
    made = curate(work, recipe + PUBLISH)
    signed = {file["path"] for file in json.loads((made / "manifest.json").read_bytes())["others"]}
    assert {"rollouts/records.parquet", "rollouts/rollouts/00000.parquet"} <= signed
    before, asked = contents(made), len(server.seen)
    assert asked == 48
    assert contents(curate(work, recipe + PUBLISH)) == before
    result = reproduce(made)
    assert (result.different, result.notes) == ({}, ())
    assert pyarrow.parquet.read_table(result.out / TRAIN).num_rows == 6
    assert len(server.seen) == asked


def test_without_them_it_is_said_how_to_have_them(work, sampled):
    recipe, _ = sampled
    made = curate(work, recipe)
    with pytest.raises(UsageError) as refusal:
        reproduce(made)
    assert str(refusal.value) == (
        f"{made} was made with what toy wrote, which nobody gets twice: `publish: {{rollouts: true}}` in its recipe "
        "would have put that into the folder"
    )
    assert not made.with_name("made-reproduced").exists()


def test_damaged_completions_are_not_used(work, sampled):
    recipe, _ = sampled
    made = curate(work, recipe + PUBLISH)
    part = made / "rollouts/rollouts/00000.parquet"
    content = part.read_bytes()
    part.unlink()  # the run's own folder shares its content
    part.write_bytes(content[:-1])
    with pytest.raises(Damaged, match=r"00000\.parquet is not what the manifest says"):
        reproduce(made)


def test_rollouts_cannot_be_published_where_none_are_made(work):
    (work / "recipe.yaml").write_text(GENERATE + PUBLISH)
    with pytest.raises(
        UsageError, match=r"line 3: stages\[2\]\.publish\.rollouts: there are none without a stage rollout"
    ):
        read_recipe(work / "recipe.yaml")


@pytest.mark.parametrize(
    ("words", "made"),
    [
        (["dedup", "sums"], "sums-dedup"),
        (["near-duplicates", "sums"], "sums-near-duplicates"),
        (["decontaminate", "sums", "--against", "exam.jsonl"], "sums-decontaminate"),
        (["split", "sums"], "sums-split"),
        (["mix", "sums", "exam.jsonl", "--out", "mixed"], "mixed"),
        (["filter", "sums", "--rollouts", "said", "--pass-rate", "0:1"], "sums-filter"),
        (["export", "sums", "--to", "verl"], "sums-verl"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_what_a_single_command_made_is_made_again_from_the_datasets_around_it(
    generated, words, made, capsys, monkeypatch
):
    folder = generated.parent
    monkeypatch.chdir(folder)
    (folder / "exam.jsonl").write_text('{"question": "what is the sum of these", "id": "x", "task": "words"}\n')
    if words[0] == "filter":
        ids = [identity for table in open_source(str(generated)).tables(["id"]) for identity in table["id"].to_pylist()]
        (folder / "said.jsonl").write_text("".join(json.dumps({"id": one, "completion": "?"}) + "\n" for one in ids))
        settings = RolloutSettings(policy=f"replay:{folder / 'said.jsonl'}", max_samples=1, fixed=True)
        rollout(open_source(str(generated)), folder / "said", settings, workers=1)
    code, _, complaints = in_process(capsys, *words)
    assert code == 0, complaints
    result = reproduce(folder / made)
    assert (result.different, result.notes) == ({}, ())
    assert len(result.files) >= 2


def test_the_input_of_a_single_command_that_is_missing_is_named_with_its_hash(generated, tmp_path):
    assert command("dedup", "sums", cwd=tmp_path)[0] == 0
    digest = sha256(generated / "data/test-00000-of-00001.parquet")
    generated.rename(tmp_path / "elsewhere")
    code, _, complaints = command("reproduce", "sums-dedup", cwd=tmp_path)
    assert code == 2
    assert complaints == (
        f"taskgen: sums-dedup was made from sums (SHA-256 {digest} and 1 more), which is missing: put it at "
        f"{tmp_path / 'sums'} or say with --inputs where it lies\n"
    )


def test_a_card_that_its_owner_has_edited_and_pushed_is_no_part_of_it(generated):
    manifest = json.loads((generated / "manifest.json").read_bytes())
    manifest["others"] = [{"path": name, "rows": 0, "sha256": "0" * 64} for name in ("README.md", "configs/verl.sh")]
    (generated / "manifest.json").write_text(json.dumps(manifest))
    result = reproduce(generated)
    assert (result.different, result.notes) == ({}, ())


def test_a_command_that_leaves_no_recipe_and_no_stage_of_ours_is_named(generated):
    assert command("dedup", "sums", cwd=generated.parent)[0] == 0
    made = generated.with_name("sums-dedup")
    edit(made, '"stage": "dedup"', '"stage": "magic"')
    with pytest.raises(UsageError, match=r"was made by magic and holds no recipe\.yaml"):
        reproduce(made)
