#!/usr/bin/env bash
# torch 2.6 to 2.13: the context manager safe_globals() takes back what was allowed before it.
#
# torch.serialization.add_safe_globals([C]) allows a class for good. A later `with safe_globals([C]):`, as the Trainer
# of transformers 4.57 has around the random states of a checkpoint that it resumes from, removes C at its end, although
# it was there at its beginning. Whoever allowed the class once, such as a plug-in that reads fairseq's checkpoints, finds it
# refused from then on.
# Seen with torch 2.13.0 on Python 3.11:
#   allowed before: True
#   allowed after:  False
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0
"$folder/venv/bin/python" - 2>/dev/null <<'END' | tee "$folder/printed"
from fractions import Fraction

from torch.serialization import add_safe_globals, get_safe_globals, safe_globals

add_safe_globals([Fraction])
print("allowed before:", Fraction in get_safe_globals())
with safe_globals([Fraction]):
    pass
print("allowed after: ", Fraction in get_safe_globals())
END
diff "$folder/printed" - <<'END'
allowed before: True
allowed after:  False
END
