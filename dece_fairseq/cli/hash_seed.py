"""Starting a command with Python's hash seed 0, on which CodeBLEU's data flow depends."""

import os
import sys

_SEED = "PYTHONHASHSEED"


def fix_hash_seed() -> None:
    """Start this program again with the hash seed 0, unless it has one.

    Otherwise CodeBLEU would need processes of its own, which take longer to start than this.
    """
    if os.name == "posix" and sys.flags.hash_randomization and _SEED not in os.environ:
        os.environ[_SEED] = "0"
        spec = getattr(sys.modules["__main__"], "__spec__", None)
        by_name = spec is not None and spec.name == "dece_fairseq.__main__"  # python -m
        program = ["-m", "dece_fairseq"] if by_name else sys.argv[:1]
        os.execv(sys.executable, [sys.executable, *program, *sys.argv[1:]])
