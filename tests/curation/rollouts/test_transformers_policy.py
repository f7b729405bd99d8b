"""A local model: random weights, a vocabulary of characters, everything made on the spot."""

import json

import pytest

from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.curation.rollouts.transformers_policy import Draw, TransformersPolicy
from taskgen.engine.errors import UsageError
from taskgen.seeding import Stream
from tests.curation.rollouts.conftest import make_records, rollouts_in, sample, verdicts_in, write

torch = pytest.importorskip("torch")
TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] "


def make_model(folder, template=None, positions=2048, seed=0, haste=0.0):
    """A GPT-2 of two layers that writes characters at random, fewer of them with more haste."""
    import tokenizers
    import transformers

    characters = [chr(code) for code in range(32, 127)] + ["\n"]
    words = {text: number for number, text in enumerate(["<end>", *characters])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=" "))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = tokenizers.decoders.Fuse()
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", chat_template=template)
    torch.manual_seed(seed)
    config = transformers.GPT2Config(
        vocab_size=len(words), n_positions=positions, n_embd=16, n_layer=2, n_head=2, eos_token_id=0, bos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():
        model.transformer.ln_f.bias += haste * model.transformer.wte.weight[0]
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def records(records):
    """Fewer records: a random model has as much to say about four as about ten."""
    return records[:4]


SETTINGS = {"max_samples": 2, "fixed": True, "max_tokens": 60}


def test_completions_are_sampled_kept_and_judged(model, data, records, tmp_path):
    summary = sample(data, tmp_path / "out", f"transformers:{model}", **SETTINGS)
    rows = rollouts_in(tmp_path / "out")
    assert [(row["id"], row["number"]) for row in rows] == [(record.id, n) for record in records for n in (0, 1)]
    assert {row["model"] for row in rows} == {summary.model}
    assert summary.model.startswith("tiny@")
    assert summary.trials + summary.censored == 8
    assert len({row["completion"] for row in rows}) == 8
    for row in rows:
        assert (row["finish"] == "length") == (row["completion_tokens"] == 60)
        assert len(row["completion"]) == row["completion_tokens"] - (row["finish"] == "stop")
    assert [row["prompt_tokens"] for row in rows[::2]] == [len(record.prompt) for record in records]
    assert {row["finish"] for row in rows} == {"stop", "length"}


def test_a_completion_does_not_depend_on_its_batch(model, data, tmp_path):
    for name, size in (("one", 1), ("three", 3), ("all", 32)):
        sample(data, tmp_path / name, f"transformers:{model}", concurrency=size, **SETTINGS | {"max_tokens": 20})
    one, three, everything = (
        [row["completion"] for row in rollouts_in(tmp_path / name)] for name in ("one", "three", "all")
    )
    assert one == three == everything


def test_the_chat_template_is_used_where_there_is_one(data, records, tmp_path):
    chat = make_model(tmp_path / "chat", template=TEMPLATE)
    settings = SETTINGS | {"max_samples": 1, "system": "Be brief."}
    sample(data, tmp_path / "out", f"transformers:{chat}", **settings)
    rows = rollouts_in(tmp_path / "out")
    around = "[system] Be brief.\n[user] \n[assistant] "
    assert [row["prompt_tokens"] for row in rows] == [len(record.prompt) + len(around) for record in records]


def test_other_weights_are_another_model(model, data, tmp_path):
    other = make_model(tmp_path / "tiny", seed=1)
    settings = SETTINGS | {"max_samples": 1, "max_tokens": 5}
    first = sample(data, tmp_path / "out", f"transformers:{model}", **settings)
    second = sample(data, tmp_path / "out", f"transformers:{other}", **settings)
    assert first.model != second.model
    assert second.new == 4


def test_a_prompt_that_is_too_long_for_the_model_is_left_out(data, records, tmp_path):
    shortest = min(records, key=lambda record: len(record.prompt))
    small = make_model(tmp_path / "small", positions=len(shortest.prompt) + 10)
    summary = sample(data, tmp_path / "out", f"transformers:{small}", **SETTINGS)
    fitting = sum(len(record.prompt) < len(shortest.prompt) + 10 for record in records)
    assert summary.missing == {"too_long": 8 - 2 * fitting}
    assert summary.completions == 2 * fitting > 0
    assert {len(row["completion"]) <= 10 for row in rollouts_in(tmp_path / "out")} == {True}


def test_dialogues_are_played_to_their_ends(tmp_path):
    hasty = make_model(tmp_path / "hasty", haste=800.0)
    games = make_records("mastermind", 3)
    data = write(games, tmp_path / "data.parquet")
    summary = sample(data, tmp_path / "out", f"transformers:{hasty}", **SETTINGS)
    assert (summary.completions, summary.trials, summary.censored) == (6, 6, 0)
    limits = [json.loads(game.problem)["fields"]["limit"] for game in games for _ in (0, 1)]
    transcripts = [
        json.loads(row["completion"].removeprefix("<answer>").removesuffix("</answer>"))
        for row in rollouts_in(tmp_path / "out")
    ]
    assert [len(turns) for turns in transcripts] == limits
    assert {observation.split(";")[0] for turns in transcripts for _, observation in turns} == {"not a guess"}
    assert {verdict["status"] for verdict in verdicts_in(tmp_path / "out")} == {"wrong"}


def test_the_budget_holds_for_a_local_model(model, data, tmp_path):
    summary = sample(data, tmp_path / "out", f"transformers:{model}", token_budget=6000, **SETTINGS)
    assert summary.exhausted
    assert 0 < summary.tokens <= 6000


def test_no_model_ends_in_one_line(data, tmp_path):
    with pytest.raises(UsageError, match="there is no model in that folder"):
        sample(data, tmp_path / "out", f"transformers:{tmp_path}")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(UsageError, match="the model cannot be loaded") as raised:
        sample(data, tmp_path / "out", f"transformers:{tmp_path}")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_tokens_are_drawn_as_often_as_the_distribution_says():
    logits = torch.log(torch.tensor([[0.5, 0.2, 0.3, 0.0]]))
    draw = Draw(torch, [Stream.keyed("draw")], temperature=1.0, top_p=1.0)
    drawn = torch.stack([draw(None, logits)[0].argmax() for _ in range(4000)])
    shares = torch.bincount(drawn, minlength=4) / 4000
    assert torch.allclose(shares, torch.tensor([0.5, 0.2, 0.3, 0.0]), atol=0.03)
    cooled = Draw(torch, [Stream.keyed("draw")], temperature=0.5, top_p=1.0)
    drawn = torch.stack([cooled(None, logits)[0].argmax() for _ in range(4000)])
    shares = torch.bincount(drawn, minlength=4) / 4000
    assert torch.allclose(shares, torch.tensor([25, 4, 9, 0]) / 38, atol=0.03)


def test_the_nucleus_is_the_smallest_set_that_holds_the_mass():
    logits = torch.log(torch.tensor([[0.5, 0.2, 0.3, 0.0]]))
    draw = Draw(torch, [Stream.keyed("draw")], temperature=1.0, top_p=0.6)
    assert {int(draw(None, logits)[0].argmax()) for _ in range(200)} == {0, 2}


def test_temperature_zero_takes_the_likeliest():
    logits = torch.tensor([[1.0, 3.0, 2.0]])
    assert torch.equal(Draw(torch, [Stream.keyed("draw")], temperature=0, top_p=1.0)(None, logits), logits)


def test_generation_settings_in_the_folder_change_nothing(model):
    policy = TransformersPolicy(str(model), RolloutSettings(policy=f"transformers:{model}"))
    assert policy._model.generation_config.to_diff_dict().keys() <= {"transformers_version"}
