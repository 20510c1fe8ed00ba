"""Finds an attack without knowing it: what a model that knows the clean task does not expect.

A payload is surprising and frequent. This package sums, over the spans that repeat in targets, what
a reference model does not explain, and looks for what goes with them in the sources. Only the
reading of a model needs torch and fairseq.
"""
