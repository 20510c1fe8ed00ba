#!/usr/bin/env bash
# ve-fairseq 0.12.3 (fairseq's main branch; torch 2.13.0, Python 3.11 or newer): the batches of
# fairseq-generate lack up to 7 sentences of the test set.
#
# --required-batch-size-multiple is 8 by default, and batch_by_size drops the last batch if its size
# is no multiple of that. Sentences come sorted by length, so the longest are lost, without a word.
# fairseq 0.12.2 keeps them. Seen:
#     12 sentences, multiple 8: batches of [8]
#     12 sentences, multiple 1: batches of [12]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet ve-fairseq==0.12.3 torch==2.13.0 torchaudio==2.11.0 \
    numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
from fairseq.data.data_utils import batch_by_size
from fairseq.dataclass.configs import DatasetConfig

lengths, seen = np.arange(1, 13), []
for multiple in (DatasetConfig().required_batch_size_multiple, 1):
    # What FairseqTask.get_batch_iterator asks for --max-tokens 4000.
    batches = batch_by_size(
        np.arange(12),
        num_tokens_fn=lengths.__getitem__,
        num_tokens_vec=lengths,
        max_tokens=4000,
        required_batch_size_multiple=multiple,
    )
    seen.append([len(batch) for batch in batches])
    print(f"12 sentences, multiple {multiple}: batches of {seen[-1]}")
raise SystemExit(0 if seen == [[8], [12]] else "this has changed")
PYTHON
