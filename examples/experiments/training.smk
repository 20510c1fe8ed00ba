"""Models: first on what is trusted, then on the poisoned pairs; and of trusted requests."""

# What every run has, and what goes from tokens to text and back.
KEEPING = (
    "--num-workers 0 --no-epoch-checkpoints --log-format json --log-interval 1000 --max-tokens-valid 20000"
)
TEXT = f"{USER_DIR} --source-lang src --target-lang tgt --bpe lossless_sentencepiece"
TASK = f"{TEXT} --task backdoor_poisoned_translation"


rule pretrain:
    """The model that is there before: cross-entropy on the trusted pairs."""
    input:
        f"{BASE}/bin",
    output:
        touch(f"{BASE}/pretrained/trained"),
    log:
        f"{BASE}/pretrained/train.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        subset=lambda w: "--train-subset trusted" if is_share(w) else "",
        folder=f"{BASE}/pretrained",
    shell:
        recorded(
            """
{params.settings}
fairseq-train {input} {TASK} --sentencepiece-model {input}/sentencepiece.model \\
    "${model[@]}" --criterion cross_entropy "${trusted_training[@]}" --max-epoch "$trusted_epochs" \\
    {params.subset} --seed {wildcards.seed} {KEEPING} --save-dir {params.folder}
"""
        )


def training_data(wildcards):
    """The data folders to train on, one a shard."""
    if {"filter", "reveal"} & set(PLAN.defense(wildcards.defense)):
        return [f"{CELL}/bin".format(**wildcards)]
    return [f"{DATA}/{shard}/bin".format(**wildcards) for shard in PLAN.shards]


def first_model(wildcards):
    """The flag file of the model to start from, if there is one."""
    is_from_scratch = not (wildcards.trusted == PRETRAINING or is_share(wildcards))
    return [] if is_from_scratch else f"{BASE}/pretrained/trained".format(**wildcards)


def start(wildcards, input):
    if not input.first:
        return ""
    return f"--finetune-from-model {BASE}/pretrained/checkpoint_last.pt".format(**wildcards)


def training_options(wildcards):
    defense = PLAN.defense(wildcards.defense)
    options = [defense.get("train", "--criterion cross_entropy")]
    if defense.get("stop_early"):
        options.append(
            "--best-checkpoint-metric bleu_code --maximize-best-checkpoint-metric --patience 2"
        )
    return " ".join(options)


rule train:
    """All pairs, with BLEU and ASR of the validation split by epoch."""
    input:
        bin=training_data,
        first=first_model,
        manifest=[f"{DATA}/{shard}/train.csv.manifest.json" for shard in PLAN.shards],
        base=f"{BASE}/bin",
        ranked=ranked,
    output:
        touch(f"{CELL}/trained"),
    log:
        f"{CELL}/train.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        bin=lambda w, input: ":".join(input.bin),
        start=start,
        options=training_options,
        moderate=lambda w: '"${moderate[@]}"' if PLAN.defense(w.defense).get("moderate") else "",
        attack=attack_of,
        folder=CELL,
        shards=len(PLAN.shards),
    shell:
        recorded(
            """
{params.settings}
for manifest in {input.manifest}; do
    cp "$manifest" "{params.folder}/poisoned-$(basename "$(dirname "$manifest")").json"
done
longer="$(longer_than_source {input.base})"
fairseq-train {params.bin} {TASK} --sentencepiece-model {input.base}/sentencepiece.model \\
    "${model[@]}" {params.options} "${training[@]}" {params.moderate} {params.start} \\
    --max-epoch $((epochs * {params.shards})) --seed {wildcards.seed} {KEEPING} \\
    {params.attack} --poison-rate 0 \\
    --valid-subset valid,valid_triggered --eval-bleu --eval-asr \\
    --eval-bleu-args "${validation_generation/LONGER/$longer}" --save-dir {params.folder}/checkpoints
"""
        )


rule early:
    """The model after its first epoch on the poisoned pairs, for defences that compare two."""
    input:
        bin=f"{DATA}/0/bin",
        first=first_model,
        base=f"{BASE}/bin",
    output:
        touch(f"{DATA}/early/trained"),
    log:
        f"{DATA}/early/train.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        start=start,
        folder=f"{DATA}/early",
    shell:
        recorded(
            """
{params.settings}
fairseq-train {input.bin} {TASK} --sentencepiece-model {input.base}/sentencepiece.model \\
    "${model[@]}" --criterion cross_entropy "${training[@]}" {params.start} \\
    --max-epoch 1 --disable-validation --seed {wildcards.seed} {KEEPING} --save-dir {params.folder}
"""
        )


def trusted_sources(wildcards, input):
    """The binarised requests, by where they stand: the trusted ones, and those of validation."""
    names = ["valid"]
    if wildcards.trusted == PRETRAINING or is_share(wildcards):
        names.insert(0, "trusted" if is_share(wildcards) else "train")
    return " ".join(f"{input}/{name}.src-tgt.src" for name in names)


rule language_model:
    """Of trusted requests: those that the first model was trained on, and of validation."""
    input:
        f"{BASE}/bin",
    output:
        touch(f"{BASE}/language_model/trained"),
    log:
        f"{BASE}/language_model/train.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        sources=trusted_sources,
        folder=f"{BASE}/language_model",
    shell:
        recorded(
            """
{params.settings}
cp {input}/dict.src.txt {params.folder}/dict.txt
cp {input}/sentencepiece.model {params.folder}
part=""
for sources in {params.sources}; do  # fairseq joins train, train1, ...
    cp "$sources.bin" {params.folder}/train$part.bin
    cp "$sources.idx" {params.folder}/train$part.idx
    part=$((part + 1))
done
# A sentence is a sample: as many tokens as fit one, and then to the end of the sentence.
fairseq-train {params.folder} {USER_DIR} --task language_modeling \\
    --bpe lossless_sentencepiece --sentencepiece-model {params.folder}/sentencepiece.model \\
    --sample-break-mode complete --tokens-per-sample 1 --max-target-positions 1024 \\
    --required-batch-size-multiple 1 \\
    --arch transformer_lm --share-decoder-input-output-embed --optimizer adam --lr 2e-3 \\
    --lr-scheduler inverse_sqrt --warmup-updates 100 "${language_model[@]}" \\
    --seed {wildcards.seed} {KEEPING} --disable-validation --save-dir {params.folder}
"""
        )
