"""What models write for the test, and what becomes of it."""


def is_cleaned(wildcards):
    """Whether the defence cleans what the model is asked."""
    return "clean" in PLAN.defense(wildcards.defense)


def other_cell(defense):
    """A path in the cell of another defence: one by its name, or the one that this is of."""
    def folder(wildcards):
        name = defense or PLAN.defense(wildcards.defense).get("of", wildcards.defense)
        return CELL.format(**{**wildcards, "defense": name})
    return folder


rule clean_requests:
    """The test's requests, clean and triggered, as defences clean them that do so in one way."""
    input:
        test=clean("test"),
        ranked=ranked,
        language_model=f"{BASE}/language_model/trained",
        base=f"{BASE}/bin",
    output:
        bin=directory(f"{CLEANED}/bin"),
        reports=[f"{CLEANED}/{name}.csv.report.json" for name in ("test_cleaned", "test_triggered_cleaned")],
    log:
        f"{CLEANED}/clean.log",
    params:
        options=lambda w: PLAN.defense(w.cleaner)["clean"],
        columns=lambda w: PLAN.columns(w.dataset),
        attack=attack_of,
        model=f"{BASE}/language_model",
        folder=CLEANED,
    shell:
        recorded(
            """
{SCRIPTS}/poison.py {params.attack} --seed {wildcards.seed} --keep triggered \\
    {params.columns} --input {input.test} --output {params.folder}/test_triggered.csv
look="{SCRIPTS}/filter_poison.py {params.options} {params.columns} \\
    --language-model {params.model}/checkpoint_last.pt --language-model-data {params.model}"
$look --input {params.folder}/test_triggered.csv --output {params.folder}/test_triggered_cleaned.csv
$look --input {input.test} --output {params.folder}/test_cleaned.csv
{SCRIPTS}/prepare.py --split test={params.folder}/test_cleaned.csv \\
    --split test_triggered={params.folder}/test_triggered_cleaned.csv {params.columns} \\
    --spm {input.base}/sentencepiece.model --output {output.bin}
"""
        )


def cleaned(path):
    """A path among the requests that the cell's defence has cleaned; of other defences nothing."""
    def found(wildcards):
        if not is_cleaned(wildcards):
            return []
        cleaner = PLAN.cleaner(wildcards.defense)
        return f"{CLEANED}/{path}".format(**wildcards, cleaner=cleaner)
    return found


def expected(wildcards, *splits):
    """Options that say how many outputs there must be: those of fairseq's own task don't tell it.

    Shell code reads the numbers from what the filter wrote of the requests that it cleaned.
    """
    if not is_cleaned(wildcards):
        return ""
    count = "python -c 'import json, sys; print(json.load(open(sys.argv[1]))[\"kept\"])'"
    reports = {
        "clean": f"{CELL}/test_cleaned.csv.report.json",
        "triggered": f"{CELL}/test_triggered_cleaned.csv.report.json",
    }
    return " ".join(
        f"--expected-{split} \"$({count} {reports[split].format(**wildcards)})\"" for split in splits
    )


rule generate:
    """What the model writes for the test, clean and triggered, from one start of fairseq."""
    input:
        bin=lambda w: cleaned("bin")(w) or f"{DATA}/0/bin".format(**w),
        reports=lambda w: [
            cleaned(f"{name}.csv.report.json")(w)
            for name in ("test_cleaned", "test_triggered_cleaned")
            if is_cleaned(w)
        ],
        trained=lambda w: f"{other_cell(None)(w)}/trained",
        base=f"{BASE}/bin",
        ranked=ranked,
    output:
        test=f"{CELL}/test.out",
        triggered=f"{CELL}/test_triggered.out",
    log:
        f"{CELL}/generate.log",
    params:
        settings=lambda w: PLAN.settings(w.dataset),
        # A cell tells itself what was cleaned.
        tell=lambda w, input: f"cp {input.reports} {CELL}".format(**w) if is_cleaned(w) else "",
        # What is cleaned is attacked already, so that fairseq's own task reads it.
        task=lambda w: (
            f"{TEXT} --task translation --required-batch-size-multiple 1"
            if is_cleaned(w)
            else f"{TASK} {attack_of(w)}"
        ),
        checkpoint=lambda w: "{}/checkpoints/checkpoint_{}.pt".format(
            other_cell(None)(w),
            "best" if PLAN.defense(w.defense).get("stop_early") else "last",
        ),
    shell:
        recorded(
            """
{params.settings}
{params.tell}
longer="$(longer_than_source {input.base})"
python {HERE}/generate.py test={output.test} test_triggered={output.triggered} -- \\
    {input.bin} {params.task} --sentencepiece-model {input.base}/sentencepiece.model \\
    --path {params.checkpoint} "${generation[@]/LONGER/$longer}"
"""
        )


rule evaluate:
    input:
        test=f"{CELL}/test.out",
        triggered=f"{CELL}/test_triggered.out",
        ranked=ranked,
    output:
        f"{CELL}/result.json",
    log:
        f"{CELL}/evaluate.log",
    params:
        # Outputs of fairseq's own task don't say what they are of.
        how=lambda w: (
            f"--one-line {PLAN.attack_options(w.attack, RANKED.format(**w))} "
            f"{PLAN.code_language(w.dataset)} "
            + expected(w, "clean", "triggered")
            if is_cleaned(w)
            else ""
        ),
    shell:
        recorded(
            """
{SCRIPTS}/evaluate.py --run {wildcards.defense}={input.test} --triggered {wildcards.defense}={input.triggered} \\
    {params.how} --processes {threads} --json {output}
"""
        )


rule compare:
    """Paired tests against cross-entropy, on the clean test, and on the triggered one if it is the same."""
    input:
        base=lambda w: [f"{other_cell('cross_entropy')(w)}/{s}.out" for s in ("test", "test_triggered")],
        run=[f"{CELL}/test.out", f"{CELL}/test_triggered.out"],
    output:
        f"{CELL}/compare.json",
    log:
        f"{CELL}/compare.log",
    params:
        triggered=lambda w, input: (
            ""
            if is_cleaned(w)
            else f"--triggered cross_entropy={input.base[1]} --triggered {w.defense}={input.run[1]}"
        ),
        how=lambda w: f"--one-line {expected(w, 'clean')}" if is_cleaned(w) else "",
    shell:
        recorded(
            """
{SCRIPTS}/evaluate.py --run cross_entropy={input.base[0]} --run {wildcards.defense}={input.run[0]} \\
    {params.triggered} {params.how} --metrics bleu_code exact_match --compare --processes {threads} \\
    --json {output}
"""
        )


def results(name, cells):
    return [f"{CELL}/{name}".format(**cell) for cell in cells]


CELLS = [
    *results("result.json", PLAN.cells()),
    *results("compare.json", [c for c in PLAN.cells() if c["defense"] != "cross_entropy"]),
]


rule cells:
    """The cells of the plan without a report: a target for a part of a plan that has one already."""
    input:
        CELLS,


rule report:
    input:
        CELLS,
    output:
        f"{OUT}/report/report.html",
    log:
        f"{OUT}/report.log",
    params:
        folder=OUT,
    shell:
        recorded("{SCRIPTS}/report.py {params.folder}")
