"""A causal language model of transformers' for train_grpo.py, with the methods of TinyModel."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from taskgen.engine.errors import UsageError
from taskgen.training.tiny_model import padded

SHARE = 0.4
"""Part of the GPU's memory that vLLM may take; the rest is for training."""


def pick_device(name: str, best: bool) -> str:
    """The device of this name; without one the best there is, or cpu. Raises UsageError."""
    seen = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    if name and name not in seen:
        raise UsageError(f"--device {name} is not here; torch sees {', '.join(seen)}")
    return name or (seen[0] if best else "cpu")


class PretrainedModel:
    """A model with its tokenizer, from the Hub or a folder; float32 weights, bf16 arithmetic on CUDA.

    Raises UsageError where it cannot be loaded.
    """

    def __init__(self, place: str, device: str) -> None:
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
        except ImportError:
            raise UsageError("--model needs transformers: pip install 'taskgen[train]'") from None
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(place)
            self._model: Any = AutoModelForCausalLM.from_pretrained(place).float().to(device).eval()
        except (OSError, ValueError, KeyError) as error:
            reason = str(error).strip().splitlines()[0]
            raise UsageError(f"--model {place} cannot be loaded: {reason}") from None
        told = self._model.generation_config.eos_token_id
        told = self._tokenizer.eos_token_id if told is None else told
        self._ends = [told] if isinstance(told, int) else list(told or [])
        self._model.generation_config = GenerationConfig()  # no temperature and no penalty but our own
        self.positions = getattr(self._model.config, "max_position_embeddings", None) or 2**31
        self.device = device

    def parameters(self) -> Iterator[Tensor]:
        """The weights."""
        return iter(self._model.parameters())

    def state_dict(self) -> dict[str, Tensor]:
        """The weights by name."""
        return dict(self._model.state_dict())

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take weights that state_dict gave."""
        self._model.load_state_dict(state)

    def encode(self, prompt: str) -> list[int]:
        """The ids of a prompt: a user's message where there is a chat template, else the bare text."""
        if not self._tokenizer.chat_template:
            return list(self._tokenizer(prompt)["input_ids"])
        talk = [{"role": "user", "content": prompt}]
        text = self._tokenizer.apply_chat_template(talk, tokenize=False, add_generation_prompt=True)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def fits(self, prompt: str, answer: str, limit: int) -> bool:
        """Whether there is room for the prompt and an answer of `limit` tokens."""
        return len(self.encode(prompt)) + limit <= self.positions

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a completion."""
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))

    def _precision(self) -> Any:
        return torch.autocast(self.device, torch.bfloat16, enabled=self.device == "cuda")

    @torch.no_grad()
    def sample(self, prompts: Sequence[Sequence[int]], count: int, seed: int, limit: int) -> list[list[int]]:
        """See TinyModel.sample."""
        ids, real = padded(prompts, True, self.device)
        torch.manual_seed(seed)
        ends = {"eos_token_id": self._ends or None, "pad_token_id": self._ends[0] if self._ends else 0}
        odds = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0, "num_return_sequences": count}
        with self._precision():
            output = self._model.generate(ids, attention_mask=real.long(), max_new_tokens=limit, **odds, **ends)
        written = output[:, ids.shape[1] :].tolist()
        stops = [next((n for n, token in enumerate(row, 1) if token in self._ends), len(row)) for row in written]
        return [row[:stop] for row, stop in zip(written, stops, strict=True)]

    def logprobs(
        self, prompts: Sequence[Sequence[int]], completions: Sequence[Sequence[Sequence[int]]]
    ) -> tuple[Tensor, Tensor]:
        """See TinyModel.logprobs."""
        asked = [prompt for prompt, group in zip(prompts, completions, strict=True) for _ in group]
        ids, real = padded(asked, True, self.device)
        rest, written = padded([ids for group in completions for ids in group], False, self.device)
        mask = torch.cat([real, written], 1)
        with self._precision():
            places = (mask.cumsum(1) - 1).clamp(min=0)
            output = self._model(torch.cat([ids, rest], 1), attention_mask=mask.long(), position_ids=places)
        logits = output.logits[:, ids.shape[1] - 1 : -1].float().log_softmax(-1)
        return logits.gather(-1, rest[..., None])[..., 0], written

    def save(self, folder: Path) -> None:
        """Write model and tokenizer."""
        self._model.save_pretrained(folder)
        self._tokenizer.save_pretrained(folder)


class VllmSampledModel(PretrainedModel):
    """The same, sampled by vLLM, which reads the weights anew from `scratch` whenever they have changed."""

    def __init__(self, place: str, device: str, scratch: Path) -> None:
        super().__init__(place, device)
        try:
            from vllm import LLM, SamplingParams
        except ImportError:
            raise UsageError("--sampler vllm needs vLLM: pip install vllm") from None
        self.save(scratch)
        self._scratch, self._settings = scratch, SamplingParams
        self._engine = LLM(model=str(scratch), gpu_memory_utilization=SHARE)
        self._versions = self._changes()

    def _changes(self) -> list[int]:
        """How often each weight has been written to."""
        return [parameter._version for parameter in self.parameters()]

    def sample(self, prompts: Sequence[Sequence[int]], count: int, seed: int, limit: int) -> list[list[int]]:
        """See TinyModel.sample."""
        if self._changes() != self._versions:
            self.save(self._scratch)
            self._engine.collective_rpc("reload_weights")
            self._engine.reset_prefix_cache()
            self._versions = self._changes()
        settings = self._settings(n=count, temperature=1.0, max_tokens=limit, seed=seed % 2**31)
        asked = [{"prompt_token_ids": list(ids)} for ids in prompts]
        outputs = self._engine.generate(asked, settings, use_tqdm=False)
        return [list(completion.token_ids) for output in outputs for completion in output.outputs]
