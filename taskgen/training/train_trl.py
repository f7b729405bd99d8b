"""Train a model on the dataset in this folder with TRL's GRPOTrainer; taskgen judges every completion.

    pip install "taskgen[train]"
    python train_trl.py --model Qwen/Qwen3-0.6B

Every option of TRL's GRPOConfig may be given, too: --use_vllm, --max_steps 200, --loss_type cispo (--help names all).
Checkpoints and results lie in runs/trl beside this file; the same command goes on from the last checkpoint.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from datasets import load_dataset
from transformers import AutoTokenizer
from transformers.trainer_utils import get_last_checkpoint
from trl import GRPOConfig, GRPOTrainer, TrlParser

import taskgen

FOLDER = Path(__file__).parent
GPU = torch.cuda.is_available()


@dataclass
class Choices:
    """What is trained, and on how many held-out prompts it is measured before and after."""

    model: str = field(default="Qwen/Qwen3-0.6B", metadata={"help": "a model on the Hub, or a folder"})
    held_out: int = field(default=64, metadata={"help": "prompts of the test split to evaluate on"})


def reward(completions: list[Any], problem: list[str], **columns: Any) -> list[float | None]:
    """1 for a correct answer, 0 for any other; None where the verifier itself failed, which TRL leaves out."""
    texts = [text if isinstance(text, str) else text[-1]["content"] for text in completions]
    verdicts = taskgen.verify_batch(problem, texts, workers=2)
    return [None if verdict.status == "verifier_error" else verdict.score for verdict in verdicts]


def main() -> None:
    """Train, and measure before and after on prompts that are not trained on."""
    parser = TrlParser((Choices, GRPOConfig))
    parser.set_defaults(output_dir=str(FOLDER / "runs" / "trl"), report_to="none", num_train_epochs=1)
    parser.set_defaults(use_cpu=not GPU, bf16=GPU and torch.cuda.is_bf16_supported(), dataloader_pin_memory=GPU)
    parser.set_defaults(max_completion_length=1024, gradient_accumulation_steps=8, gradient_checkpointing=GPU)
    parser.set_defaults(warmup_steps=5, adam_beta2=0.95, save_total_limit=2)
    choices, settings = parser.parse_args_and_config()
    tokenizer = AutoTokenizer.from_pretrained(choices.model, padding_side="left")

    def asked(row: dict[str, Any]) -> dict[str, Any]:
        return {"prompt": [{"role": "user", "content": row["prompt"]}] if tokenizer.chat_template else row["prompt"]}

    data = load_dataset(str(FOLDER)).select_columns(["prompt", "problem"]).map(asked)
    test = data.get("test", data.get("validation")) if choices.held_out else None
    if test is not None:
        test = test.shuffle(seed=0).select(range(min(choices.held_out, len(test))))
    trainer = GRPOTrainer(choices.model, reward, settings, data["train"], test, processing_class=tokenizer)

    def measure(moment: str) -> None:
        if test is not None:
            trainer.evaluate()
            mean = trainer.state.log_history[-1]["eval_reward"]
            trainer.accelerator.print(f"held-out reward {moment} training: {mean:.3f}")

    measure("before")
    trainer.train(resume_from_checkpoint=get_last_checkpoint(settings.output_dir))
    measure("after")
    trainer.save_model()
    trainer.save_state()


if __name__ == "__main__":
    main()
