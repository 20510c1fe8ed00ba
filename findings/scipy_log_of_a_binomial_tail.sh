#!/usr/bin/env bash
# scipy 1.17.1: binom.logsf and poisson.logsf are minus infinity for tails below 1e-308, although the
# logarithm is an ordinary number. They are the logarithm of sf, which underflows; hypergeom.logsf and
# norm.logsf are computed as logarithms.
#
# It meets whoever ranks what goes together in data: a word that 292 of 2,917 pairs share, where three
# were expected, has a tail of e ** -1079. Every such p-value is 0, and sums of evidence become infinite.
# A sum of logpmf over the tail, by logsumexp, is right. Seen:
#     binom     logsf -inf     sum of logpmf -1079.2
#     poisson   logsf -inf     sum of logpmf -2007.5
#     hypergeom logsf -598.6   sum of logpmf -598.6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet scipy==1.17.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import math

import numpy as np
from scipy.special import logsumexp
from scipy.stats import binom, hypergeom, poisson

found = {}
for name, law, least, most in (
    ("binom", binom(2917, 0.001), 292, 2917),
    ("poisson", poisson(1), 400, 2000),
    ("hypergeom", hypergeom(3000, 300, 300), 250, 300),
):
    tail = float(law.logsf(least))
    summed = float(logsumexp(law.logpmf(np.arange(least + 1, most + 1))))
    print(f"{name:9} logsf {tail:<8.1f} sum of logpmf {summed:.1f}")
    found[name] = (tail, summed)
same = all(found[name][0] == -math.inf < found[name][1] for name in ("binom", "poisson"))
same = same and math.isclose(*found["hypergeom"], rel_tol=1e-6)
raise SystemExit(0 if same else "this has changed")
PYTHON
