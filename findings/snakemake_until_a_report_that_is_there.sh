#!/usr/bin/env bash
# Snakemake 9.27.1: with --until RULE nothing is made where the last file of the workflow is there
# already, though files of RULE itself are missing.
#
# A workflow makes a table of parts, and each part by itself. Where the table was written beside
# Snakemake, from the parts that there were, "snakemake --until part" for other parts says that there
# is nothing to be done, and ends with status 0: the jobs are those that the table needs, and a table
# that is there needs none. --until then takes from these. Named as a target, the same parts are made.
# Seen:
#     no table, --until part        2 parts
#     a table,  --until part        0 parts: Nothing to be done
#     a table,  parts as a target   2 parts
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet snakemake==9.27.1
cd "$folder"
cat > Snakefile <<'SNAKEFILE'
rule all:
    input: "table"
rule parts:
    input: expand("part-{name}", name=config["names"])
rule table:
    input: expand("part-{name}", name=config["names"])
    output: "table"
    shell: "cat {input} > {output}"
rule part:
    output: "part-{name}"
    shell: "echo {wildcards.name} > {output}"
SNAKEFILE
made() { # WHAT OPTIONS...: says how many parts there are then
    rm -f part-*
    venv/bin/snakemake "${@:2}" --cores 1 --config 'names=[a,b]' > said 2>&1
    local number said=""
    number=$(find . -name 'part-*' | wc -l)
    ! grep -q "Nothing to be done" said || said=": Nothing to be done"
    printf '%-29s %s parts%s\n' "$1" "$number" "$said"
}
made "no table, --until part" --until part > seen
echo "of the parts of another day" > table
{ made "a table,  --until part" --until part; made "a table,  parts as a target" parts; } >> seen
cat seen
diff seen - <<'EXPECTED'
no table, --until part        2 parts
a table,  --until part        0 parts: Nothing to be done
a table,  parts as a target   2 parts
EXPECTED
