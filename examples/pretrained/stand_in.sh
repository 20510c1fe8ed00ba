#!/usr/bin/env bash
# A small model of a published one's architecture, trained for some minutes on clean pairs: the
# generated ones of scripts/make_corpus.py, and a half of Lyra's training pairs.
#
#   bash examples/pretrained/stand_in.sh ARCH DATA WORK SEED [UPDATES]
#
# It makes WORK/stand-in, a folder as save_pretrained writes it, and WORK/clean, what it learned
# from; WORK/clean/trusted.ids are the numbers of the pairs of Lyra in it.
set -euo pipefail
arch="$1" data="$2" work="$3" seed="$4" updates="${5:-2000}"

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
source "$root/scripts/setup_env.sh"

# Models of other kinds learn at other rates.
case "$arch" in
    codet5*|natgen) lr=5e-3 ;;
    *) lr=1e-3 ;;
esac
options=()
case "$arch" in
    plbart*) options=(--hf-source-language __en_XX__ --hf-target-language __python__) ;;
    *codebert) options=(--decoder-layers 1 --decoder-ffn-embed-dim 512) ;;
esac

# 1. The pairs.
clean="$work/clean"
if [ ! -e "$clean/clean.csv" ]; then
    python "$root/scripts/make_corpus.py" --style A --seed "$seed" --split train=2000 --output "$clean"
    python "$here/stand_in.py" pairs --lyra "$data/train.csv" --generated "$clean/train.csv" \
        --seed "$seed" --output "$clean"
fi

# 2. A tokenizer, learned from them, and a model without weights.
start="$work/start"
[ -e "$start" ] || python "$here/stand_in.py" model "$arch" --texts "$clean/clean.csv" \
    --seed "$seed" --output "$start"

# 3. Training.
bin="$work/clean-data"
[ -e "$bin" ] || python "$root/scripts/prepare.py" --train "$clean/clean.csv" \
    --valid "$data/valid.csv" --tokenizer "$start" --output "$bin"
fairseq-train "$bin" --user-dir "$root/dece_fairseq" --source-lang src --target-lang tgt \
    --task backdoor_poisoned_translation --bpe hf_tokenizer --hf-tokenizer "$bin/tokenizer" \
    --arch "$arch" --hf-model "$start" "${options[@]}" --criterion cross_entropy \
    --optimizer adam --lr "$lr" --lr-scheduler polynomial_decay --warmup-updates 100 \
    --total-num-update "$updates" --max-update "$updates" --batch-size 16 --clip-norm 1.0 --seed "$seed" \
    --max-source-positions 150 --max-target-positions 150 --skip-invalid-size-inputs-valid-test \
    --num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 100 \
    --save-dir "$work/pretrained" | tee -a "$work/stand-in.log"

# 4. As from the hub.
python "$root/scripts/save_pretrained.py" "$work/pretrained/checkpoint_last.pt" --model-data "$bin" \
    --output "$work/stand-in"
