#!/usr/bin/env bash
# Snakemake 9.27.1: of a job's params only the values are compared with those of its last run, sorted and without
# their names, and a value of numpy, a Path or an Enum is not compared at all. So the job is not run again, and the
# file of the old setting is reported as that of the new one.
#
# The help of --rerun-triggers says that its default guarantees results consistent with the configuration. But
# who swaps the layers of encoder and decoder, or moves a dropout to another option, has the same values when they are
# sorted. A whole number out of a table of numpy or pandas is an int64, which is left out; float64 is compared, being
# a float. int() or str() around a value helps, and a dictionary under one param keeps its names (Snakemake's
# pull request 3440 would save them). Seen, what the files say after the first and the second of two settings:
#     swapped     3 6       3 6
#     renamed     dropout   dropout     (attention_dropout the second time)
#     numpy       1         1           (numpy.int64, 2 the second time)
#     path        old       old         (Path, "new" the second time)
#     int         1         2
#     dictionary  3 6       6 3
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet snakemake==9.27.1 numpy==2.4.6
cd "$folder"
cat > Snakefile <<'SNAKEFILE'
from pathlib import Path

import numpy

# The settings, which a study would change by hand: those of the first run and of the second.
first = config["run"] == 1
encoder, decoder = (3, 6) if first else (6, 3)
option = "dropout" if first else "attention_dropout"
seed = numpy.int64(1 if first else 2)
model = Path("old" if first else "new")

rule all:
    input: "swapped", "renamed", "numpy", "path", "int", "dictionary"

rule swapped:
    output: "swapped"
    params: encoder=encoder, decoder=decoder
    shell: "echo {params.encoder} {params.decoder} > {output}"

rule renamed:
    output: "renamed"
    params: **{option: 0.3}
    run: Path(output[0]).write_text(next(iter(params.keys())) + "\n")

rule of_numpy:
    output: "numpy"
    params: seed=seed
    shell: "echo {params.seed} > {output}"

rule of_path:
    output: "path"
    params: model=model
    shell: "echo {params.model} > {output}"

rule as_int:
    output: "int"
    params: seed=int(seed)
    shell: "echo {params.seed} > {output}"

rule dictionary:
    output: "dictionary"
    params: layers={"encoder": encoder, "decoder": decoder}
    run: Path(output[0]).write_text("{encoder} {decoder}\n".format(**params.layers))
SNAKEFILE
for run in 1 2; do
    PATH="$folder/venv/bin:$PATH" snakemake --cores 1 --config "run=$run" > log 2>&1 || { cat log; exit 1; }
    for way in swapped renamed numpy path int dictionary; do
        printf '%-11s %s\n' "$way" "$(cat "$way")"
    done > "files.$run"
done
paste files.1 files.2  # before and after
diff files.1 - <<'EXPECTED' || { echo "the first run did not write its settings" >&2; exit 1; }
swapped     3 6
renamed     dropout
numpy       1
path        old
int         1
dictionary  3 6
EXPECTED
diff files.2 - <<'EXPECTED' || { echo "this has changed" >&2; exit 1; }
swapped     3 6
renamed     dropout
numpy       1
path        old
int         2
dictionary  6 3
EXPECTED
