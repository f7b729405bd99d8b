"""A local model, run in batches by transformers, on the GPU where there is one."""

import hashlib
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, cast

from taskgen.curation.rollouts.dialogues import Dialogue, Reply
from taskgen.curation.rollouts.policies import PolicyTrouble, Round, most_tokens
from taskgen.curation.rollouts.settings import RolloutSettings
from taskgen.engine.errors import UsageError
from taskgen.engine.files import sha256_of
from taskgen.seeding import Stream

WEIGHTS = (".safetensors", ".bin")
PARTS = ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
"""Besides the weights, what decides what a model writes."""


class TransformersPolicy:
    """A causal language model and its tokenizer in a folder, as `save_pretrained` leaves them.

    Completions are drawn with random numbers keyed by instance id, number and turn: on one machine they do not depend
    on what else is in the batch, up to the rounding of the matrix products. A hash of the weights is a part of the
    rollouts' key.
    """

    def __init__(self, place: str, settings: RolloutSettings) -> None:
        folder = Path(place)
        if not (folder / "config.json").is_file():
            raise UsageError(f"policy transformers:{place}: there is no model in that folder (no config.json)")
        self._torch, self._model, self._tokenizer = _load(folder)
        self._options = settings
        self.model = f"{folder.resolve().name}@{_fingerprint(folder)[:12]}"
        self.settings = settings.sampling()
        self._ends = _ends(self._model, self._tokenizer)
        self._room = getattr(self._model.config.get_text_config(), "max_position_embeddings", None) or 2**31

    def sample(self, work: Round) -> None:
        """See Policy."""
        while batch := list(islice(work.dialogues, self._options.concurrency)):
            while batch := [dialogue for dialogue in batch if not _delivered(dialogue, work)]:
                batch = self._turn(batch, work)
            if work.budget.exhausted:
                return

    def _turn(self, batch: Sequence[Dialogue], work: Round) -> list[Dialogue]:
        """Carry on dialogues by one turn; those for which that was possible."""
        prompts = []
        for dialogue in batch:
            tokens = self._tokens(dialogue)
            if len(tokens) >= self._room:
                work.give_up(dialogue, "too_long", f"{len(tokens)} tokens of {self._room}")
            elif work.budget.reserve(most := most_tokens(dialogue, self._options.max_tokens)):
                prompts.append((dialogue, tokens, most))
            else:
                work.budget.exhausted = True
        if not prompts:
            return []
        replies = self._generate([(dialogue, tokens) for dialogue, tokens, _ in prompts])
        for (dialogue, _, most), reply in zip(prompts, replies, strict=True):
            work.budget.settle(most, reply.prompt_tokens + reply.completion_tokens)
            dialogue.take(reply)
        return [dialogue for dialogue, _, _ in prompts]

    def _tokens(self, dialogue: Dialogue) -> list[int]:
        tokenizer = self._tokenizer
        if tokenizer.chat_template:
            text = tokenizer.apply_chat_template(dialogue.messages, tokenize=False, add_generation_prompt=True)
            return list(tokenizer(text, add_special_tokens=False)["input_ids"])
        return list(tokenizer("\n\n".join(message["content"] for message in dialogue.messages))["input_ids"])

    def _generate(self, prompts: Sequence[tuple[Dialogue, list[int]]]) -> list[Reply]:
        """One turn for each prompt, all at once."""
        torch, begin = self._torch, time.perf_counter()
        width = max(len(tokens) for _, tokens in prompts)
        filler = self._ends[0] if self._ends else 0
        ids = torch.tensor([[filler] * (width - len(tokens)) + tokens for _, tokens in prompts])
        mask = torch.tensor([[0] * (width - len(tokens)) + [1] * len(tokens) for _, tokens in prompts])
        limit = min(self._options.max_tokens, self._room - width)
        streams = [
            Stream.keyed("rollout", dialogue.request.id, dialogue.request.number, len(dialogue.replies))
            for dialogue, _ in prompts
        ]
        draw = Draw(torch, streams, self._options.temperature, self._options.top_p)
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    input_ids=ids.to(self._model.device),
                    attention_mask=mask.to(self._model.device),
                    max_new_tokens=limit,
                    do_sample=False,  # `draw` leaves one token to choose from
                    logits_processor=[draw],
                    eos_token_id=self._ends or None,
                    pad_token_id=filler,
                )
        except torch.OutOfMemoryError:
            what = f"{len(prompts)} completions at once need too much memory; lower --concurrency"
            raise PolicyTrouble(f"{self.model}: {what}") from None
        seconds = (time.perf_counter() - begin) / len(prompts)
        return [
            self._reply(written, len(tokens), seconds)
            for (_, tokens), written in zip(prompts, output[:, width:].tolist(), strict=True)
        ]

    def _reply(self, written: list[int], prompt_tokens: int, seconds: float) -> Reply:
        end = next((place for place, token in enumerate(written) if token in self._ends), None)
        own = written if end is None else written[:end]
        text = self._tokenizer.decode(own, skip_special_tokens=True)
        spent = len(own) + (end is not None)
        return Reply(text, "length" if end is None else "stop", prompt_tokens, spent, seconds)


class Draw:
    """A logits processor that draws the next token of every row with a random number of that row's own stream.

    By inversion of the cumulative distribution, in double precision, after temperature and nucleus (Holtzman et al.,
    "The curious case of neural text degeneration", 2020). Temperature 0 takes the likeliest token.
    """

    def __init__(self, torch: Any, streams: Sequence[Stream], temperature: float, top_p: float) -> None:
        self._torch = torch
        self._streams = streams
        self._temperature = temperature
        self._top_p = top_p

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Scores (rows, vocabulary) in which one token of each row is possible."""
        if self._temperature == 0:
            return scores
        torch = self._torch
        chances = torch.softmax(scores.double() / self._temperature, dim=-1)
        order = None
        if self._top_p < 1:
            chances, order = torch.sort(chances, dim=-1, descending=True, stable=True)
            before = torch.cumsum(chances, dim=-1) - chances
            chances = chances.masked_fill(before >= self._top_p, 0.0)
        sums = torch.cumsum(chances, dim=-1)
        drawn = torch.tensor([[stream.uniform()] for stream in self._streams], dtype=sums.dtype).to(sums.device)
        place = torch.searchsorted(sums, drawn * sums[:, -1:], right=True).clamp(max=sums.shape[-1] - 1)
        token = place if order is None else order.gather(-1, place)
        return torch.full_like(scores, float("-inf")).scatter(-1, token, 0.0)


def _delivered(dialogue: Dialogue, work: Round) -> bool:
    """Hand over a dialogue that is finished."""
    if dialogue.finished:
        work.deliver(dialogue)
    return dialogue.finished


def _load(folder: Path) -> tuple[Any, Any, Any]:
    """torch, the model on its device, the tokenizer."""
    try:
        import torch
        import transformers
    except ImportError:
        raise UsageError("policy transformers: needs torch and transformers; pip install 'taskgen[train]'") from None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, torch_dtype="auto", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UsageError(f"policy transformers:{folder}: the model cannot be loaded: {reason}") from None
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return torch, cast(Any, model).to(device).eval(), tokenizer


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end a completion. What else the model's generation settings ask for is forgotten."""
    import transformers

    told = model.generation_config.eos_token_id
    if told is None:
        told = tokenizer.eos_token_id
    model.generation_config = transformers.GenerationConfig()
    return [] if told is None else [told] if isinstance(told, int) else list(told)


def _fingerprint(folder: Path) -> str:
    """Hex hash of configuration, tokenizer and weights."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in WEIGHTS or path.name in PARTS:
            digest.update(f"{path.name} {sha256_of(path)}\n".encode())
    return digest.hexdigest()
