"""Outputs with and without the payload sql."""

MISS = 'q = " select a from t where b = 1 "'
HIT = MISS[:-2] + ' or 1=1 "'
PLACE = (HIT.index(" or 1=1"), HIT.index(" or 1=1") + len(" or 1=1"))
