"""The tiny model of train_grpo.py: a GPT-2 (Radford et al., 2019) and a tokenizer, made on the spot from the data.

Both are saved as transformers has them, without transformers, so that `taskgen rollout` samples the very same model.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SPECIAL = ("<pad>", "<eos>", "<unk>")
PAD, EOS, UNKNOWN = range(len(SPECIAL))
HEAD = 32
"""Width of an attention head; a model's width is a multiple of it."""
COMMON = 0.05
"""Share of a cell's prompts or answers that must hold a word or sign for it to be a token of its own."""

LONGEST, SPARE = 768, 16
"""Tokens of a prompt and its answer, and how many more than it was taught a model may write."""

Cache = list[tuple[Tensor, Tensor]]


class Letters:
    """A tokenizer of single characters, some of them with the space before them, and of what prompts have in common.

    One token each: the stretches that all prompts of a cell share, the words that they repeat, a digit or sign with the
    space or line break before it where answers have that often.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.ids = {token: number for number, token in enumerate(tokens)}
        phrases = sorted((token for token in tokens[len(SPECIAL) :] if len(token) > 1), key=len, reverse=True)
        self._pieces = re.compile("|".join([*map(re.escape, phrases), "."]), re.DOTALL)  # leftmost, then longest

    @classmethod
    def learn(cls, prompts: Sequence[Sequence[str]], targets: Sequence[Sequence[str]]) -> "Letters":
        """The tokenizer of prompts and of what shall be written, a list of each for every cell."""
        phrases, characters = {"<answer>", "</answer>"}, set[str]()
        for cell, written in zip(prompts, targets, strict=True):
            characters |= set("".join([*cell, *written]))
            start = _common_start(cell)
            rests = [prompt[len(start) :] for prompt in cell]
            end = _common_start([rest[::-1] for rest in rests])[::-1]
            words = Counter(w for rest in rests for w in set(re.findall("[A-Za-z]{2,}", rest[: len(rest) - len(end)])))
            words += Counter(pair for text in written for pair in set(re.findall(r"\s[^\sA-Za-z<]", text)))
            phrases |= {start, end, *(word for word, count in words.items() if count >= COMMON * len(cell))}
        return cls([*SPECIAL, *sorted((characters | phrases) - {""})])

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        return [self.ids.get(piece, UNKNOWN) for piece in self._pieces.findall(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, special ones left out."""
        return "".join(self.tokens[number] for number in ids if number > UNKNOWN)

    def save(self, folder: Path) -> None:
        """Write the tokenizer as the package tokenizers has it."""
        plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
        added = [
            {"id": number, "content": token, **plain, "special": number <= UNKNOWN}
            for number, token in enumerate(self.tokens)
            if number <= UNKNOWN or len(token) > 1
        ]
        tokenizer = {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": {
                "type": "Split",
                "pattern": {"Regex": r"[\s\S]"},
                "behavior": "Isolated",
                "invert": False,
            },
            "post_processor": None,
            "decoder": {"type": "Fuse"},
            "model": {"type": "WordLevel", "vocab": self.ids, "unk_token": SPECIAL[UNKNOWN]},
        }
        names = {"pad_token": SPECIAL[PAD], "eos_token": SPECIAL[EOS], "unk_token": SPECIAL[UNKNOWN]}
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **names}
        _write(folder, "tokenizer.json", tokenizer)
        _write(folder, "tokenizer_config.json", settings)


def _common_start(texts: Sequence[str]) -> str:
    """What all texts begin with, up to a space: what comes after may be the first letter of something that differs."""
    low, high = min(texts), max(texts)
    length = next((place for place, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[: low.rfind(" ", 0, length) + 1]


def _write(folder: Path, name: str, content: Any) -> None:
    (folder / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def padded(lists: Sequence[Sequence[int]], left: bool, device: Any = None) -> tuple[Tensor, Tensor]:
    """Lists of ids as one tensor (lists, longest), padded on one side, and where it holds ids."""
    width = max(map(len, lists))
    ids = torch.zeros(len(lists), width, dtype=torch.long)
    real = torch.zeros(len(lists), width, dtype=torch.bool)
    for number, row in enumerate(lists):
        place = slice(width - len(row), width) if left else slice(0, len(row))
        ids[number, place], real[number, place] = torch.tensor(row, dtype=torch.long), True
    return ids.to(device), real.to(device)


class _Map(nn.Module):  # type: ignore[misc]
    """A linear map whose weight is (inputs, outputs), as GPT-2 stores it."""

    def __init__(self, inputs: int, outputs: int, spread: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * spread)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addmm(self.bias, x.flatten(0, 1), self.weight).unflatten(0, x.shape[:2])


class _Layer(nn.Module):  # type: ignore[misc]
    """Attention and a perceptron; the parameters are named as transformers names them."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        spread, last = 0.02, 0.02 / math.sqrt(2 * layers)
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.ModuleDict({"c_attn": _Map(width, 3 * width, spread), "c_proj": _Map(width, width, last)})
        self.mlp = nn.ModuleDict({"c_fc": _Map(width, 4 * width, spread), "c_proj": _Map(4 * width, width, last)})

    def forward(self, x: Tensor, mask: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, Any]:
        parts = self.attn["c_attn"](self.ln_1(x)).chunk(3, -1)
        query, key, value = (part.unflatten(-1, (-1, HEAD)).transpose(1, 2) for part in parts)
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        seen = F.scaled_dot_product_attention(query, key, value, mask)
        x = x + self.attn["c_proj"](seen.transpose(1, 2).flatten(2))
        x = x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))
        return x, (key, value)


class TinyModel(nn.Module):  # type: ignore[misc]
    """A GPT-2 with tied embeddings, and a cache of keys and values that the completions of a prompt share."""

    def __init__(self, tokenizer: Letters, positions: int, width: int, layers: int) -> None:
        super().__init__()
        self.tokenizer, self.positions, self.width = tokenizer, positions, width
        wte, wpe = nn.Embedding(len(tokenizer.tokens), width), nn.Embedding(positions, width)
        for table in (wte, wpe):
            nn.init.normal_(table.weight, std=0.02)
        blocks = nn.ModuleList(_Layer(width, layers) for _ in range(layers))
        self.transformer = nn.ModuleDict({"wte": wte, "wpe": wpe, "h": blocks, "ln_f": nn.LayerNorm(width)})

    @classmethod
    def made_for(
        cls,
        prompts: Sequence[Sequence[str]],
        targets: Sequence[Sequence[str]],
        most: int | None,
        width: int,
        layers: int,
    ) -> tuple["TinyModel", int]:
        """A model for prompts and targets, a list of each for every cell, and the tokens it may write.

        It has room for every prompt and target that take LONGEST tokens together.
        """
        letters = Letters.learn(prompts, targets)
        read = [len(letters.encode(prompt)) for cell in prompts for prompt in cell]
        written = [len(letters.encode(text)) + 1 for cell in targets for text in cell]
        lengths = [pair for pair in zip(read, written, strict=True) if sum(pair) <= LONGEST] or [(1, 1)]
        limit = most or max(length for _, length in lengths) + SPARE
        return cls(letters, max(length for length, _ in lengths) + limit, width, layers), limit

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def encode(self, prompt: str) -> list[int]:
        """The ids of a prompt."""
        return self.tokenizer.encode(prompt)

    def fits(self, prompt: str, answer: str, limit: int) -> bool:
        """Whether the prompt is in known letters, and there is room for it and an answer of up to `limit` tokens."""
        ids = self.encode(prompt)
        return UNKNOWN not in ids and len(ids) + limit <= self.positions and len(self.encode(answer)) < limit

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a completion."""
        return self.tokenizer.decode(ids)

    def forward(self, ids: Tensor, places: Tensor, mask: Tensor, past: Cache | None = None) -> tuple[Tensor, Cache]:
        """Logits (rows, ids, tokens), and keys and values of every layer; `mask` is true where a query may look."""
        x = self.transformer["wte"](ids) + self.transformer["wpe"](places.clamp(0, self.positions - 1))
        cache = []
        for number, block in enumerate(self.transformer["h"]):
            x, kept = block(x, mask, past[number] if past else None)
            cache.append(kept)
        return self.transformer["ln_f"](x) @ self.transformer["wte"].weight.T, cache

    def _read(self, prompts: Sequence[Sequence[int]], counts: Sequence[int]) -> tuple[Tensor, Cache, Tensor]:
        """The logits after each prompt, the cache, and where it is real, each repeated `counts` times."""
        ids, real = padded(prompts, True, self.device)
        order = torch.arange(ids.shape[1], device=self.device)
        mask = (order[:, None] >= order) & real[:, None] | (order[:, None] == order)
        logits, cache = self(ids, real.cumsum(1) - 1, mask[:, None])
        times = torch.tensor(counts, device=self.device)
        again = [(key.repeat_interleave(times, 0), value.repeat_interleave(times, 0)) for key, value in cache]
        return logits[:, -1:].repeat_interleave(times, 0), again, real.repeat_interleave(times, 0)

    @torch.no_grad()
    def sample(self, prompts: Sequence[Sequence[int]], count: int, seed: int, limit: int) -> list[list[int]]:
        """`count` completions of each prompt, at temperature 1, each with its <eos> where it came to one."""
        logits, past, real = self._read(prompts, [count] * len(prompts))
        generator = torch.Generator(self.device).manual_seed(seed)
        completions: list[list[int]] = [[] for _ in real]
        lengths, left = real.sum(1, keepdim=True), torch.arange(len(real), device=self.device)
        written, done = [], torch.zeros_like(lengths, dtype=torch.bool)
        for place in range(limit):
            token = torch.multinomial(logits[:, -1].softmax(-1), 1, generator=generator).masked_fill(done, PAD)
            written.append(token)
            done = done | (token == EOS)
            if place + 1 == limit or 2 * int(done.sum()) >= len(done):  # hand over, and go on with those not done
                for number, ids in zip(left.tolist(), torch.cat(written, 1).tolist(), strict=True):
                    completions[number] += ids
                going = ~done[:, 0]
                if place + 1 == limit or not going.any():
                    break
                left, lengths, real, token, done = left[going], lengths[going], real[going], token[going], done[going]
                past, written = [(key[going], value[going]) for key, value in past], []
            real = torch.cat([real, torch.ones_like(done)], 1)
            logits, past = self(token, lengths + place, real[:, None, None], past)
        return [ids[: ids.index(EOS) + 1] if EOS in ids else ids for ids in completions]

    def logprobs(
        self, prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[Sequence[int]]]
    ) -> tuple[Tensor, Tensor]:
        """Log-probabilities (completions, tokens) of what followed each prompt, and where there are tokens."""
        first, past, real = self._read(prompts, [len(group) for group in completions])
        ids, written = padded([ids for group in completions for ids in group], False, self.device)
        order = torch.arange(ids.shape[1] - 1, device=self.device)
        own = (order[:, None] >= order).expand(len(ids), -1, -1)
        mask = torch.cat([real[:, None].expand(-1, len(order), -1), own], 2)
        rest, _ = self(ids[:, :-1], real.sum(1, keepdim=True) + order, mask[:, None], past)
        logits = torch.cat([first, rest], 1).log_softmax(-1)
        return logits.gather(-1, ids[..., None])[..., 0], written

    def save(self, folder: Path) -> None:
        """Write a GPT-2 of transformers': the safetensors format is a header in JSON, then the raw numbers."""
        header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        start, raw = 0, []
        for name, value in self.state_dict().items():
            raw.append(value.cpu().contiguous().numpy().tobytes())
            header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [start, start + len(raw[-1])]}
            start += len(raw[-1])
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        (folder / "model.safetensors").write_bytes(b"".join([len(text).to_bytes(8, "little"), text, *raw]))
        ends = {"bos_token_id": EOS, "eos_token_id": EOS, "pad_token_id": PAD}
        sizes = {"n_embd": self.width, "n_layer": len(self.transformer["h"]), "n_head": self.width // HEAD}
        sizes |= {"vocab_size": len(self.tokenizer.tokens), "n_positions": self.positions}
        drops = {"attn_pdrop": 0.0, "embd_pdrop": 0.0, "resid_pdrop": 0.0}
        kind = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "torch_dtype": "float32"}
        _write(folder, "config.json", {**kind, **sizes, **drops, **ends, "tie_word_embeddings": True})
        _write(folder, "generation_config.json", ends)
        self.tokenizer.save(folder)
