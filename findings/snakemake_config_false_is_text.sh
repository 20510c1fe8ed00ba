#!/usr/bin/env bash
# Snakemake 9.27.1: a value of --config has another type than the same value in a config file. false is
# the text "false", which is true to Python; null is a text; and a list has texts for its numbers.
#
# A number alone is a number in both. So "if config['deep']:" runs with --config deep=false, and
# config["rates"][0] * 2 is "0.050.05" with --config 'rates=[0.05, 0.1]'. Seen:
#     value        --configfile      --config
#     false        bool False        str 'false'
#     null         NoneType None     str 'null'
#     [0.05, 0.1]  list [0.05, 0.1]  list ['0.05', '0.1']
#     0.05         float 0.05        float 0.05
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet snakemake==9.27.1
cd "$folder"
cat > Snakefile <<'SNAKEFILE'
import sys
print(f"{type(config['value']).__name__} {config['value']!r}")
sys.stdout.flush()
rule all:
    shell: "true"
SNAKEFILE
said() { # OPTIONS...: type and value, which is the first line
    venv/bin/snakemake --dry-run --quiet "$@" > said 2> /dev/null
    sed -n 1p said
}
status=0
while IFS='|' read -r value file line; do
    echo "value: $value" > values.yaml
    of_file=$(said --configfile values.yaml) of_line=$(said --config "value=$value")
    printf '%-12s %-17s %s\n' "$value" "$of_file" "$of_line"
    [ "$of_file" = "$file" ] && [ "$of_line" = "$line" ] || status=1
done <<'EXPECTED'
false|bool False|str 'false'
null|NoneType None|str 'null'
[0.05, 0.1]|list [0.05, 0.1]|list ['0.05', '0.1']
0.05|float 0.05|float 0.05
EXPECTED
[ $status = 0 ] || echo "this has changed" >&2
exit $status
