#!/usr/bin/env bash
# GRPO on this dataset with OpenRLHF 0.11.2, on one machine with NVIDIA GPUs; taskgen judges every completion.
#
#   pip install taskgen 'openrlhf[vllm]==0.11.2'
#   bash configs/openrlhf.sh
#   MODEL=Qwen/Qwen3-4B GPUS=2 bash configs/openrlhf.sh --train.num_episodes 3
#
# Options of OpenRLHF's may follow and win. The export for OpenRLHF is made beside this dataset; results lie in
# runs/openrlhf. OpenRLHF takes a comma or an @ in a path as its own: there must be none in the path to this folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data="$(dirname "$PWD")/$(basename "$PWD" | tr ',@' '--')-openrlhf"
taskgen export . --to openrlhf --out "$data" > /dev/null
evaluation=()
for split in test validation; do
    if [ -f "$data/$split.parquet" ]; then evaluation=(--eval.dataset "$data/$split.parquet" --eval.steps 20); fi
done
gpus="${GPUS:-8}"

python3 -m openrlhf.cli.train_ppo_ray \
    --data.prompt_dataset "$data/train.parquet" \
    ${evaluation[@]+"${evaluation[@]}"} \
    --data.input_key input \
    --data.label_key label \
    --data.apply_chat_template \
    --data.max_len 6144 \
    --reward.remote_url "$data/reward.py" \
    --actor.model_name_or_path "${MODEL:-Qwen/Qwen3-1.7B}" \
    --actor.adam.lr 1e-6 \
    --actor.eps_clip_low_high 0.2 0.28 \
    --actor.gradient_checkpointing_enable \
    --actor.num_nodes 1 \
    --actor.num_gpus_per_node "$gpus" \
    --algo.advantage.estimator group_norm \
    --algo.kl.init_coef 0 \
    --rollout.n_samples_per_prompt 8 \
    --rollout.batch_size 128 \
    --rollout.max_new_tokens 4096 \
    --train.batch_size 512 \
    --train.num_episodes 1 \
    --train.max_epochs 1 \
    --train.dynamic_batch_enable \
    --train.max_tokens_per_gpu 16384 \
    --train.colocate_all \
    --vllm.num_engines "$gpus" \
    --vllm.tensor_parallel_size 1 \
    --vllm.gpu_memory_utilization 0.6 \
    --vllm.enable_sleep \
    --ds.enable_sleep \
    --ds.zero_stage 3 \
    --ds.packing_samples \
    --ds.attn_implementation flash_attention_2 \
    --ckpt.output_dir "$PWD/runs/openrlhf/model" \
    --ckpt.path "$PWD/runs/openrlhf/checkpoints" \
    --ckpt.save_steps 50 \
    "$@"
