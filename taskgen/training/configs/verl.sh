#!/usr/bin/env bash
# GRPO on this dataset with verl 0.9.1, on one machine with NVIDIA GPUs; taskgen judges every completion.
#
#   pip install taskgen 'verl[vllm]==0.9.1'
#   bash configs/verl.sh
#   MODEL=Qwen/Qwen3-4B GPUS=2 bash configs/verl.sh trainer.total_epochs=3
#
# Options of verl's may follow and win. The export for verl is made beside this dataset; results lie in runs/verl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data="$(dirname "$PWD")/$(basename "$PWD")-verl"
taskgen export . --to verl --out "$data" > /dev/null
evaluation=(data.val_files="'$data/train.parquet'" data.val_max_samples=256)
for split in test validation; do
    if [ -f "$data/$split.parquet" ]; then evaluation=(data.val_files="'$data/$split.parquet'"); fi
done

python3 -m verl.trainer.main_ppo \
    data.train_files="'$data/train.parquet'" \
    "${evaluation[@]}" \
    data.train_batch_size=128 \
    data.max_prompt_length=2048 \
    data.max_response_length=4096 \
    data.filter_overlong_prompts=True \
    reward.custom_reward_function.path="'$data/reward.py'" \
    reward.custom_reward_function.name=compute_score \
    algorithm.adv_estimator=grpo \
    actor_rollout_ref.model.path="'${MODEL:-Qwen/Qwen3-1.7B}'" \
    actor_rollout_ref.actor.optim.lr=1e-6 \
    actor_rollout_ref.actor.ppo_mini_batch_size=64 \
    actor_rollout_ref.actor.use_dynamic_bsz=True \
    actor_rollout_ref.actor.ppo_max_token_len_per_gpu=16384 \
    actor_rollout_ref.actor.clip_ratio_high=0.28 \
    actor_rollout_ref.rollout.name=vllm \
    actor_rollout_ref.rollout.n=8 \
    actor_rollout_ref.rollout.tensor_model_parallel_size=1 \
    actor_rollout_ref.rollout.gpu_memory_utilization=0.6 \
    trainer.n_gpus_per_node="${GPUS:-8}" \
    trainer.nnodes=1 \
    trainer.total_epochs=1 \
    trainer.test_freq=20 \
    trainer.save_freq=50 \
    trainer.logger='[console]' \
    trainer.project_name=taskgen \
    trainer.experiment_name="'$(basename "$PWD")'" \
    trainer.default_local_dir="'$PWD/runs/verl'" \
    hydra.run.dir="'$PWD/runs/verl/hydra'" \
    "$@"
