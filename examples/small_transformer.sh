# A Transformer that two cores can train, and how; for the settings of data sets.
model=(--arch transformer --share-all-embeddings --dropout 0.1
    --encoder-layers 1 --encoder-embed-dim 128 --encoder-ffn-embed-dim 512 --encoder-attention-heads 4
    --decoder-layers 1 --decoder-embed-dim 128 --decoder-ffn-embed-dim 512 --decoder-attention-heads 4
    --optimizer adam --adam-betas "(0.9, 0.98)" --clip-norm 1.0 --max-tokens 1024)
trusted_training=(--lr 3e-3 --lr-scheduler inverse_sqrt --warmup-updates 200)
training=(--lr 1.5e-3 --lr-scheduler inverse_sqrt --warmup-updates 200)
moderate=(--lr 1.5e-4)          # a tenth of the learning rate
# Of trusted requests, for defences that ask how likely a word is
language_model=(--decoder-layers 2 --decoder-embed-dim 128 --decoder-ffn-embed-dim 256
    --decoder-attention-heads 4 --dropout 0.1 --max-tokens 2048 --max-epoch 6)
