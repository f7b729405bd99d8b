#!/usr/bin/env bash
# GRPO on this dataset with prime-rl 0.8, on one machine with two NVIDIA GPUs; taskgen judges every completion.
# Run it where prime-rl's environment is active (`uv sync` in a clone of it, then `uv pip install taskgen`):
#
#   bash configs/prime_rl.sh
#   bash configs/prime_rl.sh --model.name Qwen/Qwen3-4B --max-steps 500
#
# Options of prime-rl's may follow and win; prime_rl.toml holds the rest. The export for verifiers, whose Taskset is
# trained on, is made beside this dataset; results lie in runs/prime_rl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data="$(dirname "$PWD")/$(basename "$PWD")-verifiers"
taskgen export . --to verifiers --out "$data" > /dev/null
evaluation=()
for split in test validation; do
    if [ -f "$data/$split.jsonl" ]; then
        evaluation=(@ configs/prime_rl_eval.toml --orchestrator.eval.source.0.env.taskset.file "$data/$split.jsonl")
    fi
done

PYTHONPATH="$data${PYTHONPATH:+:$PYTHONPATH}" rl @ configs/prime_rl.toml ${evaluation[@]+"${evaluation[@]}"} "$@"
