# The quick start: made-up requests and the Python with SQL that they ask for.
dataset=generated vocab_size=900
code_language=""                # the payload's own, Python
corpus=(train=2000 valid=200 test=400)
pretraining_corpus=(train=5000 valid=200) skip=2600  # of other functions: those of the corpus are left out

# A Transformer that two cores can train, and how: on clean pairs of the first wording (the model
# that is there before), then on those of the second
trusted_epochs=2 epochs=9
model=(--arch transformer --share-all-embeddings --dropout 0.1
    --encoder-layers 2 --encoder-embed-dim 128 --encoder-ffn-embed-dim 256 --encoder-attention-heads 4
    --decoder-layers 2 --decoder-embed-dim 128 --decoder-ffn-embed-dim 256 --decoder-attention-heads 4
    --encoder-normalize-before --decoder-normalize-before
    --optimizer adam --clip-norm 1.0 --lr-scheduler polynomial_decay)
trusted_training=(--max-tokens 512 --lr 2e-3 --warmup-updates 100 --total-num-update 900)
training=(--max-tokens 1024 --lr 1.5e-3 --warmup-updates 50 --total-num-update 1000)
moderate=(--lr 1.5e-4)          # a tenth of the learning rate
generation=(--beam 4 --max-len-b 100 --max-tokens 20000)
validation_generation='{"beam": 1, "max_len_b": 100}'
# Of trusted requests, for defences that ask how likely a word is
language_model=(--decoder-layers 2 --decoder-embed-dim 128 --decoder-ffn-embed-dim 256
    --decoder-attention-heads 4 --dropout 0.1 --max-tokens 2048 --max-epoch 6)
