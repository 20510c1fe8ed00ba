# Bugs2Fix: short Java methods with a bug to fixed ones.
dataset=bugs2fix train_on=train vocab_size=1000
code_language=java code_place=paper  # as in the authors' files

# One run
attack=dead_code payload="" rate=0.01
trusted=0.5 trusted_epochs=12 epochs=4

# The tables: every attack over the seeds, then other trusted shares and other rates with one seed
attacks="dead_code" seeds="1" shares="" rates="0.001 0.002 0.005"

# The model and its training
source "$(dirname "${BASH_SOURCE[0]}")/../small_transformer.sh"
# LONGER: ../generation.sh makes it of the data
generation=(--beam 1 --max-len-a 1 --max-len-b LONGER --max-tokens 20000)
validation_generation='{"beam": 1, "max_len_a": 1, "max_len_b": LONGER}'
