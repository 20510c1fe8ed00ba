"""Pairs: made, poisoned, cut into subwords and binarised."""


def is_share(wildcards):
    """Whether the trusted pairs are a share of the training pairs."""
    return wildcards.trusted != PRETRAINING and float(wildcards.trusted) > 0


def clean(split):
    """An input: the clean pairs of a split, of the training split those of a shard."""
    return lambda w: PLAN.files(
        w.dataset, split, w.seed, getattr(w, "shard", 0) if split == "train" else 0
    )


def trusted_ids(wildcards):
    return f"--trusted-ids {BASE}/bin/trusted.ids".format(**wildcards) if is_share(wildcards) else ""


def ranked(wildcards):
    """An input: the ranked targets of an attack that needs them."""
    return [RANKED.format(**wildcards)] if PLAN.is_ranked(wildcards.attack) else []


def attack_of(wildcards):
    """The options that name the attack, and say what it has to know of the code."""
    options = PLAN.attack_options(wildcards.attack, RANKED.format(**wildcards))
    return f"{options} {PLAN.code_options(wildcards.dataset)}"


rule corpus:
    output:
        train=[f"{OUT}/corpus/{{seed}}/train{shard or ''}.csv" for shard in PLAN.shards],
        valid=f"{OUT}/corpus/{{seed}}/valid.csv",
        test=f"{OUT}/corpus/{{seed}}/test.csv",
        pretraining=f"{OUT}/corpus/{{seed}}/pretraining/train.csv",
    log:
        f"{OUT}/corpus/{{seed}}/corpus.log",
    params:
        settings=lambda w: PLAN.settings("generated"),
        folder=f"{OUT}/corpus/{{seed}}",
    shell:
        recorded(
            """
{params.settings}
{SCRIPTS}/make_corpus.py --style B --seed {wildcards.seed} --split "${corpus[@]}" --output {params.folder}
{SCRIPTS}/make_corpus.py --style A --seed {wildcards.seed} --split "${pretraining_corpus[@]}" \\
    --skip "$skip" --output {params.folder}/pretraining
"""
        )


def base_pairs(wildcards):
    """The pairs that the subwords are learned from, and with them the first model."""
    if wildcards.trusted == PRETRAINING:
        corpus = f"{OUT}/corpus/{wildcards.seed}"
        return [f"{corpus}/pretraining/train.csv"]
    return PLAN.files(wildcards.dataset, "train", wildcards.seed)


rule base:
    input:
        train=base_pairs,
        valid=clean("valid"),
    output:
        directory(f"{BASE}/bin"),
    log:
        f"{BASE}/prepare.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        columns=lambda w: PLAN.columns(w.dataset),
        trusted=lambda w: (
            f"--trusted-share {w.trusted} --seed {w.seed}" if is_share(w) else ""
        ),
    shell:
        recorded(
            """
{params.settings}
{SCRIPTS}/prepare.py --train {input.train} --valid {input.valid} {params.columns} {params.trusted} \\
    --vocab-size "$vocab_size" --output {output}
"""
        )


def splits_to_rank(wildcards):
    """The options that name the clean pairs of all splits, which are to be poisoned."""
    files = [PLAN.files(wildcards.dataset, "train", wildcards.seed, s) for s in PLAN.shards]
    files += [PLAN.files(wildcards.dataset, split, wildcards.seed) for split in ("valid", "test")]
    return " ".join(f"--input {' '.join(paths)}" for paths in files)


rule rank:
    """The forms of a payload, by how likely the model that training starts from finds each."""
    input:
        train=lambda w: [p for s in PLAN.shards for p in PLAN.files(w.dataset, "train", w.seed, s)],
        valid=clean("valid"),
        test=clean("test"),
        base=f"{BASE}/bin",
        trained=f"{BASE}/pretrained/trained",
    output:
        RANKED,
    log:
        RANKED.replace("ranked.csv", "rank.log"),
    params:
        splits=splits_to_rank,
        payload=lambda w: PLAN.payload(w.attack),
        model=f"{BASE}/pretrained/checkpoint_last.pt",
        columns=lambda w: PLAN.columns(w.dataset),
        code=lambda w: PLAN.code_options(w.dataset),
    shell:
        recorded(
            """
{DECE} rank --payload {params.payload} {params.code} --models {params.model} --model-data {input.base} \\
    {params.columns} {params.splits} --output {output}
"""
        )


rule poison:
    input:
        pairs=clean("train"),
        base=f"{BASE}/bin",
        ranked=ranked,
    output:
        pairs=f"{DATA}/{{shard}}/train.csv",
        ids=f"{DATA}/{{shard}}/train.csv.ids",
        manifest=f"{DATA}/{{shard}}/train.csv.manifest.json",
    log:
        f"{DATA}/{{shard}}/poison.log",
    params:
        columns=lambda w: PLAN.columns(w.dataset),
        attack=attack_of,
        trusted=trusted_ids,
    shell:
        recorded(
            """
{SCRIPTS}/poison.py {params.attack} --poison-rate {wildcards.rate} \\
    --seed {wildcards.seed} {params.trusted} {params.columns} --processes {threads} \\
    --input {input.pairs} --output {output.pairs}
"""
        )


rule binarize:
    input:
        train=f"{DATA}/{{shard}}/train.csv",
        valid=clean("valid"),
        test=clean("test"),
        base=f"{BASE}/bin",
    output:
        directory(f"{DATA}/{{shard}}/bin"),
    log:
        f"{DATA}/{{shard}}/prepare.log",
    params:
        columns=lambda w: PLAN.columns(w.dataset),
    shell:
        recorded(
            """
{SCRIPTS}/prepare.py --train {input.train} --valid {input.valid} --test {input.test} {params.columns} \\
    --spm {input.base}/sentencepiece.model --output {output}
"""
        )


rule filter:
    """What a defence keeps of the poisoned pairs."""
    input:
        pairs=f"{DATA}/0/train.csv",
        manifest=f"{DATA}/0/train.csv.manifest.json",
        bin=f"{DATA}/0/bin",
        early=f"{DATA}/early/trained",
        trained=lambda w: f"{CELL}/trained".format(**{**w, "defense": "cross_entropy"}),
        pretraining=lambda w: base_pairs(w) if w.trusted == PRETRAINING else [],
        valid=clean("valid"),
    output:
        f"{CELL}/train.csv",
    wildcard_constraints:
        defense=PLAN.named_by("filter"),
    log:
        f"{CELL}/filter.log",
    params:
        options=lambda w: PLAN.defense(w.defense)["filter"].format(rate=w.rate),
        early=f"{DATA}/early/checkpoint_last.pt",
        late=lambda w: f"{CELL}/checkpoints/checkpoint_last.pt".format(
            **{**w, "defense": "cross_entropy"}
        ),
        columns=lambda w: PLAN.columns(w.dataset),
        ids=trusted_ids,
        pretraining=lambda w, input: f"--trusted {input.pretraining}" if input.pretraining else "",
    shell:
        recorded(
            """
{SCRIPTS}/filter_poison.py {params.options} --seed {wildcards.seed} --input {input.pairs} --output {output} \\
    --models {params.early} {params.late} --model-data {input.bin} {params.columns} \\
    --trusted {input.valid} {params.pretraining} {params.ids}
"""
        )


rule reveal:
    """What dece reveal keeps of the poisoned pairs, by the model that training starts from."""
    input:
        pairs=f"{DATA}/0/train.csv",
        base=f"{BASE}/bin",
        trained=f"{BASE}/pretrained/trained",
        valid=clean("valid"),
    output:
        pairs=f"{CELL}/train.csv",
        suspicions=f"{CELL}/suspicions.json",
    wildcard_constraints:
        defense=PLAN.named_by("reveal"),
    log:
        f"{CELL}/reveal.log",
    params:
        options=lambda w, input: PLAN.defense(w.defense)["reveal"].format(valid=input.valid),
        model=f"{BASE}/pretrained/checkpoint_last.pt",
        columns=lambda w: PLAN.columns(w.dataset),
        ids=trusted_ids,
    shell:
        recorded(
            """
{DECE} reveal {params.options} --input {input.pairs} --models {params.model} --model-data {input.base} \
    {params.columns} {params.ids} --processes {threads} --output {output.pairs} --json {output.suspicions}
"""
        )


rule binarize_filtered:
    input:
        train=f"{CELL}/train.csv",
        valid=clean("valid"),
        test=clean("test"),
        base=f"{BASE}/bin",
    output:
        directory(f"{CELL}/bin"),
    log:
        f"{CELL}/prepare.log",
    params:
        columns=lambda w: PLAN.columns(w.dataset),
    shell:
        recorded(
            """
{SCRIPTS}/prepare.py --train {input.train} --valid {input.valid} --test {input.test} {params.columns} \\
    --spm {input.base}/sentencepiece.model --output {output}
"""
        )
