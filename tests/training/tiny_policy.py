"""A transformers model of a hundred thousand parameters, warmed up on a dataset until it is right now and then.

Its tokenizer takes numbers and the phrases of a terse prompt whole, everything else character by character.
"""

from pathlib import Path

import pyarrow.parquet
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import Olmo2Config, Olmo2ForCausalLM, PreTrainedTokenizerFast

PIECES = pre_tokenizers.Split(Regex(r" \(ln.* in |[A-Za-z ]{3,}|</?answer>|\d+|."), "isolated")
PAD, END = 0, 1


def write_policy(data: Path, folder: Path, steps: int, chat_template: str | None = None) -> None:
    """Train on 16 prompts with their answers a step, and save model and tokenizer as transformers has them."""
    torch.manual_seed(0)
    (file,) = (data / "data").glob("train-*")
    table = pyarrow.parquet.read_table(file)
    prompts, answers = table["prompt"].to_pylist(), [f"<answer>{text}</answer>" for text in table["answer"].to_pylist()]
    tokenizer = _tokenizer([*prompts, *answers])
    tokenizer.chat_template = chat_template
    model = Olmo2ForCausalLM(
        Olmo2Config(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=4,
            tie_word_embeddings=True,
            pad_token_id=PAD,
            eos_token_id=END,
            bos_token_id=None,
        )
    )
    asked, said = (tokenizer(texts)["input_ids"] for texts in (prompts, answers))
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.0)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 4e-3 * min(1, (step + 1) / 20) * (1 - 0.9 * step / steps)
        rows = torch.randint(len(prompts), (16,)).tolist()
        model(**_batch([(asked[row], [*said[row], END]) for row in rows])).loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    pieces = sorted({piece for text in texts for piece, _ in PIECES.pre_tokenize_str(text)})
    vocabulary = {piece: number for number, piece in enumerate(["<pad>", "<end>", *pieces])}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    words.pre_tokenizer, words.decoder = PIECES, decoders.Fuse()
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", eos_token="<end>")


def _batch(pairs: list[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
    """Prompts and answers as one padded batch; only answers count."""
    shape = (len(pairs), max(len(prompt) + len(answer) for prompt, answer in pairs))
    tokens, mask, labels = torch.full(shape, PAD), torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
    for row, (prompt, answer) in enumerate(pairs):
        length = len(prompt) + len(answer)
        tokens[row, :length] = torch.tensor(prompt + answer)
        mask[row, :length] = 1
        labels[row, len(prompt) : length] = torch.tensor(answer)
    return {"input_ids": tokens, "attention_mask": mask, "labels": labels}
