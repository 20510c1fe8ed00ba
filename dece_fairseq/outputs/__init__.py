"""What fairseq-generate, fairseq-train and other tools wrote, read back."""
