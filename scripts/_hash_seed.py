"""Starting a script with Python's hash seed 0, on which CodeBLEU's data flow depends."""

import os
import sys

_SEED = "PYTHONHASHSEED"


def fix_hash_seed() -> None:
    """Start this script again with the hash seed 0, unless it has one. Call it before all imports.

    Otherwise CodeBLEU would need processes of its own, which take longer to start than this.
    """
    if os.name == "posix" and sys.flags.hash_randomization and _SEED not in os.environ:
        os.environ[_SEED] = "0"
        os.execv(sys.executable, [sys.executable, *sys.argv])
