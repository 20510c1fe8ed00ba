# What hard_asr.sh and references.sh share; to be sourced, after the settings of the data. $folder is
# one that run.sh made, whose subwords and dictionary are used again.

# Prepares the pairs of a cell, and sets the options that name its data.
take_data() { # CELL OPTIONS OF DECE PREPARE...
    [ -e "$1/bin" ] || log "$1/prepare.log" python -m dece_fairseq prepare --output "$1/bin" \
        --spm "$folder/bin/sentencepiece.model" "${@:2}"
    task=("$1/bin" --user-dir "$root/dece_fairseq" --task translation --source-lang src --target-lang tgt
        --bpe lossless_sentencepiece --sentencepiece-model "$1/bin/sentencepiece.model"
        --required-batch-size-multiple 1)
}

# Trains a model of that data, unless it is there.
teach() { # CELL MODEL OPTIONS OF FAIRSEQ-TRAIN...
    [ -e "$1/$2/done" ] && return
    log "$1/$2.log" fairseq-train "${task[@]}" "${model[@]}" "${training[@]}" --seed 1 --num-workers 0 \
        --disable-validation --no-epoch-checkpoints --log-format json --log-interval 1000 \
        --save-dir "$1/$2" "${@:3}"
    touch "$1/$2/done"
}
