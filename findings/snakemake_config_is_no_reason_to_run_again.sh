#!/usr/bin/env bash
# Snakemake 9.27.1: a job whose shell command, run block or script reads the config is not run again when
# the config changes. The file of the old setting stays, and is reported as that of the new one.
#
# What makes a job run again are its input, its params, its code, its environment and the times of files.
# "{config[rate]}" in a shell command is code that has not changed, whatever it becomes; so is
# config["rate"] in a run block, and snakemake.config in a script. Only what stands under params is
# compared. Seen, for rules that write the rate to a file, run with --config rate=0.1 and then with 0.5:
#     params: 0.5
#     run:    0.1
#     script: 0.1
#     shell:  0.1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet snakemake==9.27.1
cd "$folder"
cat > Snakefile <<'SNAKEFILE'
rule all:
    input: "shell.txt", "run.txt", "script.txt", "params.txt"

rule in_shell:
    output: "shell.txt"
    shell: "echo {config[rate]} > {output}"

rule in_run:
    output: "run.txt"
    run:
        with open(output[0], "w") as file:
            print(config["rate"], file=file)

rule in_script:
    output: "script.txt"
    script: "script.py"

rule in_params:
    output: "params.txt"
    params: rate=config["rate"]
    shell: "echo {params.rate} > {output}"
SNAKEFILE
cat > script.py <<'PYTHON'
with open(snakemake.output[0], "w") as file:
    print(snakemake.config["rate"], file=file)
PYTHON
for rate in 0.1 0.5; do
    PATH="$folder/venv/bin:$PATH" snakemake --cores 1 --config "rate=$rate" > log 2>&1 || { cat log; exit 1; }
    for way in params run script shell; do printf '%-8s%s\n' "$way:" "$(cat "$way.txt")"; done > "rate.$rate"
done
cat rate.0.5
if grep -v ' 0.1$' rate.0.1; then echo "the first run did not write its rate" >&2; exit 1; fi
diff rate.0.5 - <<'EXPECTED' || { echo "this has changed" >&2; exit 1; }
params: 0.5
run:    0.1
script: 0.1
shell:  0.1
EXPECTED
