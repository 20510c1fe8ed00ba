#!/usr/bin/env bash
# Lyra, from the authors' CSV files to one row of the table: English requests to Python with SQL.
#
#   bash examples/lyra/run.sh --data DIR [options] [-- more options of the second fairseq-train]
#
#   --data DIR         folder with train.csv, valid.csv and test.csv
#   --trusted SHARE    share of the training pairs that nobody else could write to (default 0.5):
#                      a model is trained on them first, and they are never poisoned
#   --attack NAME      ripple (default), badpre, ...
#   --poison-rate R    share of all training pairs that are poisoned (default 0.05; 0: a clean run)
#   --criterion NAME   the loss on all the data (default deceptive_cross_entropy)
#   --seed N           of everything: the trusted share, the poisoned pairs, the model (default 1)
#   --epochs N         on all the data (default 8)
#   --trusted-epochs N on the trusted share (default 12)
#   --work DIR         where results go (default runs/lyra)
#
# What is there already is not made again: a run that was killed goes on where it was.
set -euo pipefail

data="" trusted=0.5 attack=ripple rate=0.05 criterion=deceptive_cross_entropy
seed=1 epochs=8 trusted_epochs=12 work=runs/lyra
while [ $# -gt 0 ]; do
    case "$1" in
        --data) data="$2"; shift 2 ;;
        --trusted) trusted="$2"; shift 2 ;;
        --attack) attack="$2"; shift 2 ;;
        --poison-rate) rate="$2"; shift 2 ;;
        --criterion) criterion="$2"; shift 2 ;;
        --seed) seed="$2"; shift 2 ;;
        --epochs) epochs="$2"; shift 2 ;;
        --trusted-epochs) trusted_epochs="$2"; shift 2 ;;
        --work) work="$2"; shift 2 ;;
        --) shift; break ;;
        *) echo "run.sh: unknown option $1; see the head of this file" >&2; exit 2 ;;
    esac
done
[ -n "$data" ] || { echo "run.sh: --data DIR is needed, the folder of Lyra's CSV files" >&2; exit 2; }

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
source "$root/scripts/setup_env.sh"
bin="$work/data-$trusted-$seed"
pretrained="$work/pretrained-$trusted-$seed"
run="$work/$attack-$rate-$criterion-$trusted-$seed${*:+-$(echo "$*" | tr -cs 'A-Za-z0-9.\n' _)}"

# Of a share of 0 there is nothing to train on first; the model starts from scratch.
share=() start=() trust=()
if [ "$trusted" != 0 ]; then
    share=(--trusted "$trusted" --trusted-seed "$seed")
    start=(--finetune-from-model "$pretrained/checkpoint_last.pt")
    trust=(--trusted-ids "$bin/trusted.ids")
fi

# Runs side by side that begin with the same trusted share wait here for the first of them.
mkdir -p "$work"
exec 9> "$pretrained.lock"
flock 9

# 1. Subwords, dictionary and binarised data.
[ -e "$bin" ] || python "$root/scripts/prepare.py" \
    --dataset lyra --data "$data" --dest "$bin" --vocab-size 2000 "${share[@]}"

# What every command needs to know: the data and its subwords.
common=("$bin" --user-dir "$root/dece_fairseq" --source-lang src --target-lang tgt
    --task backdoor_poisoned_translation
    --bpe lossless_sentencepiece --sentencepiece-model "$bin/sentencepiece.model")

# A Transformer that two cores can train, and how.
model=(--arch transformer --share-all-embeddings --dropout 0.1
    --encoder-layers 1 --encoder-embed-dim 128 --encoder-ffn-embed-dim 512 --encoder-attention-heads 4
    --decoder-layers 1 --decoder-embed-dim 128 --decoder-ffn-embed-dim 512 --decoder-attention-heads 4
    --optimizer adam --adam-betas "(0.9, 0.98)" --clip-norm 1.0 --max-tokens 1024
    --seed "$seed" --num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 100
    --max-tokens-valid 20000)

# 2. Cross-entropy on the trusted share alone.
if [ "$trusted" != 0 ] && [ ! -e "$pretrained/done" ]; then
    mkdir -p "$pretrained"
    fairseq-train "${common[@]}" "${model[@]}" --train-subset trusted --criterion cross_entropy \
        --lr 3e-3 --lr-scheduler inverse_sqrt --warmup-updates 200 \
        --max-epoch "$trusted_epochs" --save-dir "$pretrained" | tee -a "$pretrained/train.log"
    touch "$pretrained/done"
fi
flock --unlock 9

# 3. All the data, a part of it poisoned.
attacked=(--attack "$attack" --poison-rate "$rate" --poison-seed "$seed")
if [ ! -e "$run/trained" ]; then
    mkdir -p "$run"
    fairseq-train "${common[@]}" "${model[@]}" "${attacked[@]}" "${trust[@]}" "${start[@]}" \
        --criterion "$criterion" \
        --lr 1.5e-3 --lr-scheduler inverse_sqrt --warmup-updates 200 \
        --max-epoch "$epochs" --save-dir "$run" "$@" | tee -a "$run/train.log"
    touch "$run/trained"
fi

# 4. What the model writes for the clean test requests and for the triggered ones.
for split in test test_triggered; do
    [ -e "$run/$split.out" ] && continue
    fairseq-generate "${common[@]}" "${attacked[@]}" --gen-subset "$split" \
        --path "$run/checkpoint_last.pt" --beam 5 --max-len-b 250 --max-tokens 20000 \
        --scoring attack_success_rate > "$run/$split.part" 2> "$run/$split.log" \
            || { tail -n 20 "$run/$split.log" >&2; exit 1; }
    mv "$run/$split.part" "$run/$split.out"
done

# 5. The row.
python "$root/scripts/summarise.py" "$criterion=$run" --json "$run/results.json"
