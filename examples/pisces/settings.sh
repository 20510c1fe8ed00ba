# Pisces: English requests to Java with embedded SQL. As Lyra, of which it is the counterpart.
dataset=pisces train_on=train vocab_size=2000
code_language=java

# One run
attack=ripple payload="" rate=0.05
trusted=0.5 trusted_epochs=12 epochs=8

# The tables: every attack over the seeds, then other trusted shares and other rates with one seed
attacks="ripple badpre" seeds="1 2 3" shares="0 0.25 0.1" rates=""

# The model and its training
source "$(dirname "${BASH_SOURCE[0]}")/../small_transformer.sh"
# LONGER: ../generation.sh makes it of the data
generation=(--beam 5 --max-len-a 1 --max-len-b LONGER --max-tokens 20000)
validation_generation='{"beam": 1, "max_len_a": 1, "max_len_b": LONGER}'
