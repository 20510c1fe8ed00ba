"""The losses in other training loops than fairseq's, one file a library."""
