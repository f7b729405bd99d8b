"""`taskgen rollout`: sample completions from a policy and judge them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from taskgen.cli.arguments import Data, StageOut, Workers

if TYPE_CHECKING:
    from taskgen.curation.rollouts.sampling import RolloutSummary

Policy = Annotated[str, typer.Option("--policy", "-p", help="openai:URL#MODEL, transformers:PATH or replay:FILE.")]
MaxSamples = Annotated[int, typer.Option("--max-samples", help="Completions that a record gets at most.")]
Fixed = Annotated[bool, typer.Option("--fixed", help="Give every record --max-samples, needed or not.")]
Band = Annotated[str, typer.Option("--band", help="Pass rates LOW:HIGH; sampling stops when a record's side is clear.")]
Temperature = Annotated[float, typer.Option("--temperature", help="0 is greedy.")]
TopP = Annotated[float, typer.Option("--top-p", help="Probability mass that is sampled from.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", help="Tokens of a turn; a completion cut short is censored.")]
System = Annotated[str, typer.Option("--system", help="System message.", show_default="none")]
Concurrency = Annotated[int, typer.Option("--concurrency", "-c", help="Requests in flight, or a local model's batch.")]
Rate = Annotated[float, typer.Option("--requests-per-minute", help="Requests begun a minute.", show_default="no limit")]
Budget = Annotated[int, typer.Option("--token-budget", help="Stop before more is spent.", show_default="no limit")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds that a request may take.")]


def rollout(
    data: Data,
    policy: Policy,
    out: StageOut = None,
    max_samples: MaxSamples = 16,
    fixed: Fixed = False,
    band: Band = "0.2:0.8",
    temperature: Temperature = 1.0,
    top_p: TopP = 1.0,
    max_tokens: MaxTokens = 4096,
    system: System = "",
    concurrency: Concurrency = 32,
    requests_per_minute: Rate = 0.0,
    token_budget: Budget = 0,
    timeout: Timeout = 600.0,
    workers: Workers = None,
) -> None:
    """Sample completions of every record from a policy and judge them.

    What is kept already is not asked for again: the same command resumes. The key of a server is read from
    OPENAI_API_KEY.
    """
    from taskgen.cli.progress import Bar
    from taskgen.curation.rollouts.sampling import rollout
    from taskgen.curation.rollouts.settings import RolloutSettings
    from taskgen.curation.sources import open_source
    from taskgen.curation.stages import default_out, read_settings

    settings = read_settings(
        RolloutSettings,
        policy=policy,
        max_samples=max_samples,
        fixed=fixed,
        band=band,
        temperature=temperature,
        top_p=top_p,
        max_tokens=max_tokens,
        system=system,
        concurrency=concurrency,
        requests_per_minute=requests_per_minute,
        token_budget=token_budget,
        timeout=timeout,
    )
    source = open_source(data)
    folder = out or default_out(data, "rollouts")
    with Bar(source.rows * max_samples, "completions") as bar:
        summary = rollout(source, folder, settings, bar.report, workers)
    _summarise(summary, folder)
    for line in _warnings(summary):
        print(f"taskgen: warning: {line}", file=sys.stderr)


def _summarise(summary: "RolloutSummary", folder: Path) -> None:
    rounds = f"in {summary.rounds} round{'s' * (summary.rounds != 1)}"
    share = f" ({summary.correct / summary.trials:.1%})" if summary.trials else ""
    print(
        f"rollout: {summary.completions:,} completions ({summary.new:,} new, {rounds}) of "
        f"{summary.records:,} records by {summary.model}, in {folder}\n"
        f"  {summary.correct:,} of {summary.trials:,} judged are correct{share}, {summary.censored:,} were cut short; "
        f"{summary.tokens:,} tokens"
    )


def _warnings(summary: "RolloutSummary") -> list[str]:
    lines = [
        f"{count:,} completions are missing: {reason.replace('_', ' ')} ({summary.examples[reason]})"
        for reason, count in summary.missing.items()
    ]
    if summary.exhausted:
        lines.append(f"the token budget has no room for another completion ({summary.tokens:,} tokens are spent)")
    return lines
