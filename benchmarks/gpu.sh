#!/usr/bin/env bash
# A day on a GPU in one command of ten minutes at most, without a network:
#
#   bash benchmarks/gpu.sh [--output gpu.json]
#
# Tests of every CUDA and Triton path, half precision trainings with --fp16 and --bf16 that are
# resumed, the losses beside fairseq's and torch's, and words a second of whole trainings. The result
# file holds what each step found, how long it took, and why it was left out where it was. PYTHON
# names the interpreter, which has torch; without triton, pytest or fairseq their steps are left out.
#
# Exit status: 0 nothing failed, 1 something did, 2 the call was wrong, 3 there is no GPU (what runs
# in Triton's interpreter did not fail).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec timeout --kill-after=5 600 "${PYTHON:-python3}" benchmarks/_gpu_day.py "$@"
