# A model and a corpus as small as can be.
corpus=(train=100 train1=100 valid=24 test=24) pretraining_corpus=(train=200 valid=24) skip=248
vocab_size=450 trusted_epochs=1 epochs=2
model=(--arch transformer_tiny --share-all-embeddings --optimizer adam)
trusted_training=(--lr 1e-3 --max-tokens 2000)
training=(--lr 1e-3 --max-tokens 2000)
moderate=(--lr 1e-4)
generation=(--beam 1 --max-len-b 20 --max-tokens 8000)
validation_generation='{"beam": 1, "max_len_b": 20}'
language_model=(--decoder-layers 1 --decoder-embed-dim 32 --decoder-ffn-embed-dim 32
    --decoder-attention-heads 2 --max-tokens 2000 --max-epoch 1)
