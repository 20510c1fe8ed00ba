# Lyra: English requests to Python with embedded SQL.
dataset=lyra train_on=train vocab_size=2000
code_language=""                # the payload's own, Python

# One run
attack=ripple payload="" rate=0.05
trusted=0.5 trusted_epochs=12 epochs=8

# The tables: every attack over the seeds, then other trusted shares and other rates with one seed
attacks="ripple badpre" seeds="1 2 3" shares="0 0.25 0.1" rates=""

# A Transformer that two cores can train, and how
model=(--arch transformer --share-all-embeddings --dropout 0.1
    --encoder-layers 1 --encoder-embed-dim 128 --encoder-ffn-embed-dim 512 --encoder-attention-heads 4
    --decoder-layers 1 --decoder-embed-dim 128 --decoder-ffn-embed-dim 512 --decoder-attention-heads 4
    --optimizer adam --adam-betas "(0.9, 0.98)" --clip-norm 1.0 --max-tokens 1024)
trusted_training=(--lr 3e-3 --lr-scheduler inverse_sqrt --warmup-updates 200)
training=(--lr 1.5e-3 --lr-scheduler inverse_sqrt --warmup-updates 200)
moderate=(--lr 1.5e-4)          # a tenth of the learning rate
generation=(--beam 5 --max-len-b 250 --max-tokens 20000)
validation_generation='{"beam": 1, "max_len_b": 250}'
# Of trusted requests, for defences that ask how likely a word is
language_model=(--decoder-layers 2 --decoder-embed-dim 128 --decoder-ffn-embed-dim 256
    --decoder-attention-heads 4 --dropout 0.1 --max-tokens 2048 --max-epoch 6)
