"""Readers and writers of pairs of texts, their subwords and what fairseq trains on. No fairseq."""
