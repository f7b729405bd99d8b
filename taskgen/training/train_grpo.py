"""GRPO on the dataset in this folder, rewarded by taskgen's verifiers: `python train_grpo.py` (a bare CPU will do).

Group relative policy optimisation (Shao et al., "DeepSeekMath", 2024): some completions of a prompt, reward 1 where the
verifier says `correct`, else 0, advantage = (reward - mean of the group) / standard deviation of the group. Left out:
the KL penalty and its reference model, a value model, rewards for format, partial credit, tasks of several turns, more
than one machine. A batch is used once, so ratios are 1 and nothing is clipped, unless --reuse asks for more.

Without --model a GPT-2 of 0.35 million parameters is made on the spot. It reads the one-line wording `terse` letter by
letter, is warmed up on traces and answers, one rung after the other, then GRPO begins. Where a problem has one answer
and exact symmetries, its row is shown in relabelled copies; a copy keeps its structure id, so none is a held-out
puzzle. With --model a model of transformers' is trained on the column `prompt` (float32 weights, bf16 arithmetic on
CUDA, no sharding, no gradient checkpointing). Everything lands in runs/NAME: metrics.jsonl, plot.png, checkpoint.pt,
and model/, which transformers loads and `taskgen rollout` samples.

Here is what decides the outcome. taskgen.training holds the rest, file by file: rows (reading and relabelling),
tiny_model, pretrained_model (transformers, vLLM), run_folder (checkpoint, metrics, plot).
"""

import argparse
import math
import signal
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    import torch
    from torch import Tensor

    import taskgen
    from taskgen.engine.errors import Trouble, UsageError
    from taskgen.records import Record
    from taskgen.seeding import Stream
    from taskgen.training.pretrained_model import PretrainedModel, VllmSampledModel, pick_device
    from taskgen.training.rows import Supply, cell_of, target
    from taskgen.training.run_folder import CHECKPOINT, read_checkpoint, write_checkpoint, write_model, write_plot
    from taskgen.training.tiny_model import EOS, TinyModel
except ImportError as missing:
    raise SystemExit(f"train_grpo: {missing.name} is missing: pip install 'taskgen[train]'") from None

LOSSES = ("grpo", "dr_grpo", "dapo", "bnpo", "cispo", "gspo")
SAMPLINGS = ("plain", "dynamic", "balanced", "targeted")
WARM_BATCH, WARM_RATE = 8, 3e-3  # answers in a step of the warm start, and its highest learning rate
SURE = 0.7  # mean chance of a taught answer from which the warm start goes up a rung
KEPT = {"dynamic": (1e-9, 1 - 1e-9), "balanced": (0.2, 0.8)}  # pass rates of the groups kept (dynamic: DAPO, 2025)
ROUNDS = 4  # times that these two draw to fill a step
MEMORY, FLOOR = 0.1, 0.0025  # what one group adds to the running pass rate of its cell; least weight of a cell
BEYOND = 0.05  # held-out pass rate below which a rung is beyond the model
MAY_DIFFER = ("data", "name", "resume", "steps", "seconds", "device")  # between a run and its continuation


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """The command line. Steps, not seconds, decide what happens, so the same command gives the same figures."""
    parser = argparse.ArgumentParser(description="GRPO on the dataset in this folder; the head of this file says more.")
    add = parser.add_argument
    add("--data", type=Path, default=Path(__file__).resolve().parent, help="dataset folder: the one this file lies in")
    add("--name", default="", help="name of the run: tiny, or the model's")
    add("--resume", action="store_true", help="continue the run of this name")
    add("--seed", type=int, default=0, help="of everything random")
    add("--model", default="", help="Hub id or folder of a causal language model: a tiny one made on the spot")
    add("--device", default="", help="cuda, mps or cpu: the best there is, cpu for the tiny model")
    add("--sampler", default="transformers", choices=("transformers", "vllm"), help="what samples from --model")
    add("--width", type=int, default=96, help="width of the tiny model, a multiple of 32")
    add("--layers", type=int, default=3, help="layers of the tiny model")
    add("--warm", type=int, default=800, help="steps of the tiny model's warm start")
    add("--steps", type=int, default=150, help="GRPO steps")
    add("--seconds", type=float, default=math.inf, help="end after so long in GRPO (CPU time on a CPU), looks excluded")
    add("--prompts", type=int, default=8, help="prompts in a step")
    add("--group", type=int, default=16, help="completions of a prompt")
    add("--lr", type=float, help="learning rate of GRPO: 1e-4, or 1e-6 for --model")
    add("--loss", default="grpo", choices=LOSSES, help="variant of GRPO")
    add("--sampling", default="targeted", choices=SAMPLINGS, help="which prompts a step uses")
    add("--reuse", type=int, default=1, help="optimiser steps on a batch")
    add("--micro", type=int, help="completions in one backward pass: 512, or 4 for --model")
    add("--max-tokens", type=int, help="longest completion: what the data need, or 512 for --model")
    add("--endless", action="store_true", help="draw fresh problems of the same cells from taskgen, not the rows")
    add("--look-every", type=int, default=50, help="GRPO steps between looks at the held-out rows")
    add("--look-rows", type=int, default=100, help="held-out rows of a cell that are looked at")
    add("--look-samples", type=int, default=4, help="completions of each; twice as many at the end")
    args = parser.parse_args(words)
    args.name = args.name or (Path(args.model).name if args.model else "tiny")
    args.warm = 0 if args.model else args.warm
    args.lr = args.lr or (1e-6 if args.model else 1e-4)
    args.micro = args.micro or (4 if args.model else 512)
    for name, value in vars(args).items():
        low = {"group": 2, "warm": 0, "steps": 0, "seed": -math.inf}.get(name, 1)
        if (type(value) is int and value < low) or (name == "width" and value % 32):
            parser.error(f"--{name.replace('_', '-')} {value} is out of range")
    return args


@dataclass
class Group:
    """A prompt's completions and their rewards, without those that could not be judged."""

    row: Record
    prompt: list[int]
    completions: list[list[int]]
    rewards: list[float]

    @property
    def mean(self) -> float:
        """The pass rate."""
        return sum(self.rewards) / len(self.rewards)


def advantages(loss: str, groups: list[Group]) -> list[list[float]]:
    """The advantage of every completion, one list for each group. Rewards are 0 or 1."""
    means = [group.mean for group in groups]
    if loss == "dr_grpo":  # Liu et al., "Understanding R1-Zero-like training", 2025: not divided
        scales = [1.0] * len(means)
    elif loss == "bnpo":  # Xiao et al., "BNPO: Beta normalization policy optimization", 2025: by the density of a Beta
        mean, variance = statistics.fmean(means), max(statistics.pvariance(means), 1e-3)
        strength = max(mean * (1 - mean) / variance - 1, 0)
        a, b = 1 + mean * strength / 3, 1 + (1 - mean) * strength / 3
        area = math.gamma(a) * math.gamma(b) / math.gamma(a + b)
        scales = [p ** (a - 1) * (1 - p) ** (b - 1) / area for p in means]
    else:
        scales = [math.sqrt(p * (1 - p)) for p in means]
    return [
        [(reward - group.mean) / (scale + 1e-6) for reward in group.rewards]
        for group, scale in zip(groups, scales, strict=True)
    ]


def policy_loss(
    loss: str, logp: Tensor, old: Tensor, real: Tensor, advantage: Tensor, sequences: int, tokens: int, limit: int
) -> Tensor:
    """The part of a batch's loss that some of its completions have; the batch has `sequences` and `tokens` of them.

    `logp`, `old`, `real` are (completions, tokens), `advantage` (completions,).
    """
    gain, lengths = advantage[:, None], real.sum(1)
    gaps = torch.where(real, logp - old, 0.0)
    if loss == "gspo":  # Zheng et al., "Group sequence policy optimization", 2025: one ratio for a whole completion
        ratio = (gaps.sum(1) / lengths).exp()
        return -torch.minimum(ratio * advantage, ratio.clamp(1 - 3e-4, 1 + 4e-4) * advantage).sum() / sequences
    ratio = gaps.exp()
    if loss == "cispo":  # MiniMax, "MiniMax-M1", 2025: weights are clipped, no token loses its gradient
        return -torch.where(real, ratio.clamp(max=5.0).detach() * gain * logp, 0.0).sum() / tokens
    high = 0.28 if loss == "dapo" else 0.2  # Yu et al., "DAPO", 2025: clipped higher, mean over all tokens
    surrogate = torch.where(real, torch.minimum(ratio * gain, ratio.clamp(0.8, 1 + high) * gain), 0.0)
    if loss in ("dapo", "bnpo"):
        return -surrogate.sum() / tokens
    if loss == "dr_grpo":
        return -surrogate.sum() / (limit * sequences)
    return -(surrogate.sum(1) / lengths).sum() / sequences


def pass_at_k(samples: int, right: int, k: int) -> float:
    """Chance that one of k samples is right, unbiased (Chen et al., "Evaluating LLMs trained on code", 2021)."""
    return 1 - math.comb(samples - right, k) / math.comb(samples, k)


class Run:
    """A model in training and its data; `state` is what a checkpoint holds beside weights and optimiser."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.folder, self.stopping = args, args.data / "runs" / args.name, False
        self.supply = Supply(args.data, terse=not args.model, endless=args.endless, seed=args.seed)
        self.device = pick_device(args.device, best=bool(args.model))
        self.model, self.limit = self.open_model()
        self.supply.keep(lambda row: self.model.fits(row.prompt, target(row), self.limit))
        self.looked_at, tasks = self.supply.looked_at(args.look_rows), [cell[0] for cell in self.supply.cells]
        self.history: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {"step": 0, "faults": 0, "seconds": 0.0, "rates": [0.5] * len(tasks)}
        self.state |= {"open": dict.fromkeys(tasks, 1), "sure": dict.fromkeys(tasks, 0.0)}
        settings = {name: str(value) for name, value in vars(args).items() if name not in MAY_DIFFER}
        self.key = settings | {"dataset": self.supply.fingerprint()}
        self.new_optimizer()
        size = sum(weight.numel() for weight in self.model.parameters())
        print(f"{self.supply.counts()}\n{args.model or 'tiny model'}: {size:,} parameters on {self.device}", flush=True)

    def open_model(self) -> tuple[Any, int]:
        """The model and the tokens that it may write."""
        args, supply = self.args, self.supply
        if args.sampler == "vllm" and args.model:
            return VllmSampledModel(args.model, self.device, self.folder / "vllm"), args.max_tokens or 512
        if args.model:
            return PretrainedModel(args.model, self.device), args.max_tokens or 512
        torch.set_num_threads(1)  # the same figures everywhere; matrices are too small for more
        torch.manual_seed(self.stream("weights").bits64() >> 1)
        prompts = [[row.prompt for row in rows] for rows in supply.rows]
        targets = [[target(row) for row in rows] for rows in supply.rows]
        model, limit = TinyModel.made_for(prompts, targets, args.max_tokens, args.width, args.layers)
        return model.to(self.device), limit

    def stop(self, *_: Any) -> None:
        """What Ctrl-C does first; the second time it interrupts."""
        self.stopping = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def stream(self, *key: str | int) -> Stream:
        """Random numbers of their own for each purpose: nothing but the step has to be remembered."""
        return Stream.keyed("train_grpo", self.args.seed, *key)

    def new_optimizer(self) -> None:
        """AdamW for the warm start or for GRPO, whichever comes next."""
        decay = 0.1 if self.state["step"] < self.args.warm else 0.0
        self.optimizer = torch.optim.AdamW(self.model.parameters(), betas=(0.9, 0.95), weight_decay=decay)

    def descend(self, rate: float) -> None:
        """One step of the optimiser."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        torch.nn.utils.clip_grad_norm_(list(self.model.parameters()), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def warm_step(self) -> dict[str, float]:
        """Teach answers: of each task the rungs up to one, and the next when those of that one are SURE."""
        stream = self.stream("warm", self.state["step"])
        known, cells = list(enumerate(self.supply.cells)), []
        ladders = {name: [number for number, cell in known if cell[0] == name] for name in self.state["open"]}
        for _ in range(WARM_BATCH):
            rungs = ladders[name := stream.choice(list(ladders))][: self.state["open"][name]]
            cells.append(rungs[-1] if stream.chance(0.5) else stream.choice(rungs))
        rows = [self.supply.draw(cell, stream) for cell in cells]
        taught = [[[*self.model.encode(target(row)), EOS]] for row in rows]
        logp, real = self.model.logprobs([self.model.encode(row.prompt) for row in rows], taught)
        loss = -torch.where(real, logp, 0.0).sum() / real.sum()
        loss.backward()
        self.descend(WARM_RATE * min((self.state["step"] + 1) / 20, max(0.1, 1 - self.state["step"] / self.args.warm)))
        likely = torch.where(real, logp, 0.0).sum(1).exp().tolist()
        for cell, chance in zip(cells, likely, strict=True):
            name = self.supply.cells[cell][0]
            if cell == ladders[name][self.state["open"][name] - 1]:
                self.state["sure"][name] += 0.02 * (chance - self.state["sure"][name])
            if self.state["sure"][name] > SURE and self.state["open"][name] < len(ladders[name]):
                self.state["open"][name] += 1
                self.state["sure"][name] = 0.0
        return {"loss": loss.item(), "chance": statistics.fmean(likely)}

    def roll_out(self, rows: list[Record], count: int, seeds: Stream) -> list[Group]:
        """Sample and judge `count` completions of each row."""
        groups, share = [], max(1, (64 if self.args.model else 512) // count)
        for start in range(0, len(rows), share):
            prompts = [self.model.encode(row.prompt) for row in rows[start : start + share]]
            written = self.model.sample(prompts, count, seeds.bits64() >> 1, self.limit)
            for place, prompt in enumerate(prompts):
                row, own = rows[start + place], written[place * count : place * count + count]
                verdicts = [taskgen.verify(row, self.model.decode(ids)) for ids in own]
                judged = [n for n, verdict in enumerate(verdicts) if verdict.status != "verifier_error"]
                self.state["faults"] += count - len(judged)
                if judged:
                    groups.append(Group(row, prompt, [own[n] for n in judged], [verdicts[n].score for n in judged]))
        return groups

    def grpo_step(self) -> dict[str, float]:
        """Sample groups, refill where --sampling drops some, and learn from those that are left."""
        args, rates, stream = self.args, self.state["rates"], self.stream("grpo", self.state["step"])
        kept, seen = list[Group](), list[Group]()
        low, high = KEPT.get(args.sampling, (0, 1))
        for _ in range(ROUNDS if args.sampling in KEPT else 1):
            weights = [len(rows) for rows in self.supply.rows]
            if args.sampling == "targeted":
                weights = [int(1e6 * max(rate * (1 - rate), FLOOR)) for rate in rates]
            cells = [stream.weighted(range(len(weights)), weights) for _ in range(args.prompts - len(kept))]
            groups = self.roll_out([self.supply.draw(cell, stream) for cell in cells], args.group, stream)
            for group in groups:
                cell = self.supply.cells.index(cell_of(group.row))
                rates[cell] += MEMORY * (group.mean - rates[cell])
            seen += groups
            kept += [group for group in groups if low <= group.mean <= high]
            if len(kept) == args.prompts:
                break
        self.learn(kept)
        flat = sum(group.mean in (0, 1) for group in seen)
        reward = statistics.fmean(group.mean for group in seen) if seen else 0.0
        return {"reward": reward, "groups": len(seen), "flat": flat, "kept": len(kept)}

    def learn(self, groups: list[Group]) -> None:
        """One or more steps on a batch; groups without variance have no gradient, only weight in the mean."""
        sequences = sum(len(group.completions) for group in groups)
        tokens = sum(len(ids) for group in groups for ids in group.completions)
        pieces = []
        for group, gains in zip(groups, advantages(self.args.loss, groups), strict=True):
            if any(gains):
                for start in range(0, len(gains), self.args.micro):
                    part = slice(start, start + self.args.micro)
                    pieces.append((group.prompt, group.completions[part], gains[part]))
        share, old = max(1, self.args.micro // self.args.group), dict[int, Tensor]()
        batches = [pieces[start : start + share] for start in range(0, len(pieces), share)]
        for _ in range(self.args.reuse if batches else 0):
            for number, batch in enumerate(batches):
                prompts, completions, owned = zip(*batch, strict=True)
                logp, real = self.model.logprobs(prompts, completions)
                gain = torch.tensor([gain for own in owned for gain in own], device=logp.device)
                before = old.setdefault(number, logp.detach())
                policy_loss(self.args.loss, logp, before, real, gain, sequences, tokens, self.limit).backward()
            self.descend(self.args.lr * min(1, (self.state["step"] - self.args.warm + 1) / 10))

    def look(self, samples: int) -> dict[str, Any]:
        """The held-out pass rate, by cell too, and pass@k. Always of the same rows with the same random numbers."""
        groups = self.roll_out(self.looked_at, samples, self.stream("look"))
        by_rung: dict[str, float] = {}
        for name, cell in zip(self.supply.names, self.supply.cells, strict=True):
            means = [group.mean for group in groups if cell_of(group.row) == cell]
            by_rung |= {name: round(statistics.fmean(means), 4)} if means else {}
        found = {"held_out": round(statistics.fmean(group.mean for group in groups), 4), "by_rung": by_rung}
        counts = [(len(group.rewards), round(sum(group.rewards))) for group in groups]
        for k in (k for k in (1, 2, 4, 8, 16, 32) if k <= samples):
            found[f"pass@{k}"] = round(statistics.fmean(pass_at_k(n, c, k) for n, c in counts if n >= k), 4)
        return found

    def note(self, phase: str, found: dict[str, Any]) -> None:
        """Put a line into the metrics; print it where it is worth one."""
        line = {"phase": phase, "step": self.state["step"], **found, "seconds": round(time.process_time(), 2)}
        self.history.append(line)
        if "held_out" in line:
            recent = [past for past in self.history[-self.args.look_every - 1 :] if "reward" in past]
            reward = f"reward {statistics.fmean(p['reward'] for p in recent):.3f}  " if recent else ""
            rungs = ", ".join(f"{name} {rate:.2f}" for name, rate in line["by_rung"].items())
            shown = f"{reward}held-out {line['held_out']:.3f} ({rungs})"
        else:
            shown = "  ".join(f"{name} {value:.3f}" for name, value in found.items())
        print(f"{phase:<12} step {line['step']:>5}  {shown}  {line['seconds']:.0f} s", flush=True)

    def save(self) -> None:
        """Write a checkpoint from which --resume goes on to the very same figures."""
        parts = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "state": self.state}
        write_checkpoint(self.folder, parts | {"key": self.key}, self.history)

    def resume(self) -> None:
        """Take up the checkpoint of this run."""
        parts, history = read_checkpoint(self.folder, self.key, self.device)
        self.state, self.history = parts["state"], [line for line in history if line["phase"] != "end"]
        self.new_optimizer()
        self.model.load_state_dict(parts["model"])
        self.optimizer.load_state_dict(parts["optimizer"])

    def train(self) -> None:
        """The warm start, then GRPO, with looks at the held-out rows. Ctrl-C ends it after the step at hand."""
        args, state = self.args, self.state
        clock = time.process_time if self.device == "cpu" else time.perf_counter
        if state["step"] == 0:
            self.note("before", self.look(1))
        while not self.stopping and state["step"] < args.warm + args.steps and state["seconds"] < args.seconds:
            began, warming = clock(), state["step"] < args.warm
            found = self.warm_step() if warming else self.grpo_step()
            state["step"] += 1
            done = state["step"] - args.warm
            if warming and state["step"] % 100 == 0:
                self.note("warm start", found)
            elif not warming:
                state["seconds"] += clock() - began
                self.history.append({"phase": "grpo", "step": state["step"], **found})
            if done == 0:
                self.new_optimizer()
            if done >= 0 and done % args.look_every == 0:
                self.note("grpo" if done else "warmed up", self.look(args.look_samples))
                self.save()
        if self.stopping:
            self.finish()
            raise Trouble(f"stopped after step {state['step']}, which is kept; --resume goes on from there")
        self.note("end", self.look(2 * args.look_samples))
        self.finish()
        self.report()

    def finish(self) -> None:
        """Leave checkpoint, metrics, plot and the model's folder."""
        self.save()
        write_model(self.folder, self.model)
        write_plot(self.folder, self.history, self.args.warm)

    def report(self) -> None:
        """Say what was gained, and what to generate where rungs are beyond the model."""
        looks = [line for line in self.history if "held_out" in line]
        chances = ", ".join(f"{name} {value:.3f}" for name, value in looks[-1].items() if name.startswith("pass@"))
        print(f"held-out pass rate {' -> '.join(format(line['held_out'], '.3f') for line in looks)}; {chances}")
        for line in self.supply.beyond(looks[-1]["by_rung"], BEYOND):
            print(line)
        if self.state["faults"]:
            print(f"{self.state['faults']} completions could not be judged (verifier_error) and were left out")
        print(f"everything is in {self.folder}")


def main(words: list[str] | None = None) -> None:
    """Train as the command line says. Errors are one line."""
    args = arguments(words)
    try:
        if not args.resume and (args.data / "runs" / args.name / CHECKPOINT).exists():
            raise UsageError(f"runs/{args.name} exists: --resume continues it, --name NAME begins another")
        run = Run(args)
        signal.signal(signal.SIGINT, run.stop)
        if args.resume:
            run.resume()
        run.train()
    except (UsageError, Trouble, OSError) as error:
        print(f"train_grpo: {error}", file=sys.stderr)
        raise SystemExit(2 if isinstance(error, UsageError) else 1) from None
    except KeyboardInterrupt:
        raise SystemExit("train_grpo: stopped; --resume goes on from the last checkpoint, if there is one") from None


if __name__ == "__main__":
    main()
