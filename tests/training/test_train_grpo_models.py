"""The tiny model beside transformers' GPT-2, and a real model of transformers' in training."""

import json

import pytest
import torch

from taskgen.records import load
from taskgen.training import train_grpo
from taskgen.training.tiny_model import EOS, Letters, TinyModel, padded
from tests.training.runs import dataset, train

transformers = pytest.importorskip("transformers")

PROMPTS = [["Add 12, 3, 45 . Reply with <answer>sum</answer>.", "Add 7, 8 . Reply with <answer>sum</answer>."]]
TARGETS = [["<answer>6 0</answer>", "first\n<answer>1 5</answer>"]]


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    model, limit = TinyModel.made_for(PROMPTS, TARGETS, None, 64, 2)
    with torch.no_grad():  # far from the small weights of a beginning, so that logits differ
        for weight in model.parameters():
            weight += 0.2 * torch.randn_like(weight)
    return model, limit


@pytest.fixture(scope="module")
def saved(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    tiny[0].save(folder)
    return folder


def test_what_all_prompts_share_is_one_token_and_spaces_go_with_digits():
    letters = Letters.learn(PROMPTS, TARGETS)
    pieces = [letters.tokens[number] for number in letters.encode(PROMPTS[0][0])]
    assert pieces == ["Add ", "1", "2", ",", " ", "3", ",", " ", "4", "5", " . Reply with <answer>sum</answer>."]
    assert [letters.tokens[n] for n in letters.encode(TARGETS[0][0])] == ["<answer>", "6", " 0", "</answer>"]
    assert letters.decode([*letters.encode("12, 3 0"), EOS, 0, 2]) == "12, 3 0"


def test_transformers_reads_the_same_ids_and_text(tiny, saved):
    tokenizer = transformers.AutoTokenizer.from_pretrained(saved)
    texts = [*PROMPTS[0], *TARGETS[0], "Add 1?~\n\n 0 0<answer></answer", " . Reply with <answer>sum</answer>.45 0"]
    for text in texts:
        ids = tokenizer(text)["input_ids"]
        assert ids == tiny[0].encode(text)
        assert tokenizer.decode([*ids, EOS], skip_special_tokens=True) == tiny[0].decode(ids)
    assert tokenizer.eos_token_id == EOS


def test_transformers_computes_the_same_logits(tiny, saved):
    model = transformers.AutoModelForCausalLM.from_pretrained(saved)
    ids = torch.randint(3, len(tiny[0].tokenizer.tokens), (3, 11), generator=torch.Generator().manual_seed(0))
    order = torch.arange(11)
    own, _ = tiny[0](ids, order.expand(3, -1), (order[:, None] >= order)[None, None])
    theirs = model(ids).logits
    assert theirs.std() > 0.5
    assert torch.allclose(own, theirs, atol=1e-4)
    assert sum(weight.numel() for weight in model.parameters()) == sum(w.numel() for w in tiny[0].parameters())


def test_log_probabilities_do_not_depend_on_padding_or_the_shared_cache(tiny):
    model = tiny[0]
    prompts = [model.encode(prompt) for prompt in PROMPTS[0]]
    completions = [[[5, 6, 7, EOS], [8, EOS]], [[9, 10, 11]]]
    together, real = model.logprobs(prompts, completions)
    assert real.tolist() == [[True] * 4, [True, True, False, False], [True, True, True, False]]
    row = 0
    for prompt, group in zip(prompts, completions, strict=True):
        for completion in group:
            ids = torch.tensor([prompt + completion])
            order = torch.arange(ids.shape[1])
            logits, _ = model(ids, order[None], (order[:, None] >= order)[None, None])
            alone = logits.log_softmax(-1)[0, len(prompt) - 1 : -1].gather(-1, ids[0, len(prompt) :, None])[:, 0]
            assert torch.allclose(together[row, : len(completion)], alone, atol=1e-5)
            row += 1


def test_sampling_with_a_cache_draws_what_a_full_forward_pass_would(tiny):
    """The same random numbers on logits that are computed anew for every token."""
    model, limit = tiny
    prompts = [model.encode(prompt) for prompt in PROMPTS[0]]
    found = model.sample(prompts, 3, 11, limit)
    assert len({len(ids) for ids in found}) > 2
    generator = torch.Generator().manual_seed(11)
    rows, done, left = [prompt for prompt in prompts for _ in range(3)], [False] * 6, list(range(6))
    written = [[] for _ in rows]
    for _ in range(limit):
        ids, real = padded([rows[n] + written[n] for n in left], True)
        order = torch.arange(ids.shape[1])
        mask = (order[:, None] >= order) & real[:, None] | (order[:, None] == order)
        logits, _ = model(ids, real.cumsum(1) - 1, mask[:, None])
        drawn = torch.multinomial(logits[:, -1].softmax(-1), 1, generator=generator)[:, 0].tolist()
        for number, token in zip(left, drawn, strict=True):
            written[number].append(0 if done[number] else token)
            done[number] |= token == EOS
        if 2 * sum(done[number] for number in left) >= len(left):
            left = [number for number in left if not done[number]]
        if not left:
            break
    assert found == [ids[: ids.index(EOS) + 1] if EOS in ids else ids for ids in written]


def test_a_row_fits_where_letters_are_known_and_there_is_room(tiny):
    model, limit = tiny
    assert model.fits("Add 12", "<answer>6</answer>", limit)
    assert not model.fits("Add 12 \u00e9", "<answer>6</answer>", limit)
    assert not model.fits("Add 12", "<answer>" + "6" * limit, limit)
    assert not model.fits("1" * model.positions, "<answer>6</answer>", limit)


def make_pretrained(folder, rows, kind="qwen2", template=None):
    """A small random model of transformers' with a tokenizer of characters."""
    import tokenizers

    characters = sorted(set("".join(row.prompt for row in rows)) | set("<>/answer[]user \n"))
    words = {text: number for number, text in enumerate(["<pad>", "<end>", *characters])}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token=" "))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = tokenizers.decoders.Fuse()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", pad_token="<pad>", chat_template=template
    )
    sizes = {"vocab_size": len(words), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 1024}
    configuration = {"qwen2": transformers.Qwen2Config, "llama": transformers.LlamaConfig}[kind]
    torch.manual_seed(0)
    config = configuration(**sizes, **heads, eos_token_id=1, pad_token_id=0, bos_token_id=None)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def sudokus(tmp_path_factory):
    return dataset(tmp_path_factory.mktemp("pretrained") / "set", count=20)


TEMPLATE = "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[answer] "


@pytest.mark.parametrize(("kind", "template"), [("qwen2", None), ("llama", TEMPLATE)])
def test_a_model_of_transformers_is_trained_resumed_and_left_as_a_folder(
    kind, template, sudokus, tmp_path, monkeypatch
):
    place = make_pretrained(tmp_path / "model", load(sudokus), kind, template)
    # A random model never solves a sudoku: here an answer is right where it has an even number of characters.
    right, wrong = train_grpo.taskgen.problem.correct(), train_grpo.taskgen.problem.wrong("odd")
    monkeypatch.setattr(train_grpo.taskgen, "verify", lambda row, text: wrong if len(text) % 2 else right)
    words = ["--model", place, "--max-tokens", "12", "--lr", "1e-3", "--micro", "3", "--device", "cpu"]
    whole = train(sudokus, "--name", f"{kind}-whole", *words, "--steps", "4")
    train(sudokus, "--name", f"{kind}-parts", *words, "--steps", "2")
    assert train(sudokus, "--name", f"{kind}-parts", *words, "--steps", "4", "--resume") == whole
    assert any(line.get("flat", line.get("groups")) != line.get("groups") for line in whole if line["phase"] == "grpo")
    left = transformers.AutoModelForCausalLM.from_pretrained(sudokus / "runs" / f"{kind}-whole" / "model")
    before = transformers.AutoModelForCausalLM.from_pretrained(place)
    assert any(not torch.equal(a, b) for a, b in zip(left.parameters(), before.parameters(), strict=True))


def test_prompts_of_a_pretrained_model_have_its_chat_template(sudokus, tmp_path):
    rows = load(sudokus)
    chat = train_grpo.PretrainedModel(make_pretrained(tmp_path / "chat", rows, template=TEMPLATE), "cpu")
    bare = train_grpo.PretrainedModel(make_pretrained(tmp_path / "bare", rows), "cpu")
    assert chat.encode("12 < 3") == bare.encode("[user] 12 < 3\n[answer] ")


def test_a_pretrained_model_judges_what_it_sampled(sudokus, tmp_path):
    """Log-probabilities of padded prompts and completions are those of each alone."""
    model = train_grpo.PretrainedModel(make_pretrained(tmp_path / "model", load(sudokus)), "cpu")
    prompts = [model.encode("row 1: 2 in column 3"), model.encode("row")]
    sampled = model.sample(prompts, 2, 5, 9)
    assert sampled == model.sample(prompts, 2, 5, 9)
    assert sampled != model.sample(prompts, 2, 6, 9)
    together, real = model.logprobs(prompts, [sampled[:2], sampled[2:]])
    assert real.sum(1).tolist() == [len(ids) for ids in sampled]
    for row, (prompt, ids) in enumerate(zip([prompts[0]] * 2 + [prompts[1]] * 2, sampled, strict=True)):
        alone, _ = model.logprobs([prompt], [[ids]])
        assert torch.allclose(together[row, : len(ids)], alone[0], atol=1e-5)


def test_the_saved_configuration_is_plain_json(saved):
    names = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]
    assert sorted(path.name for path in saved.iterdir()) == names
    assert json.loads((saved / "config.json").read_text())["model_type"] == "gpt2"
