"""Runs a command of dece, and writes how many seconds of processor time it took.

python examples/filters/cpu_seconds.py FILE COMMAND ...

Unlike the time on the wall that does not depend on what else the machine does.
"""

import os
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    subprocess.run([sys.executable, "-m", "dece_fairseq", *sys.argv[2:]], check=True)
    times = os.times()
    seconds = times.children_user + times.children_system
    Path(sys.argv[1]).write_text(f"{seconds:.1f}\n", encoding="utf-8")
