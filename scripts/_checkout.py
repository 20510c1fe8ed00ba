"""What the scripts do: the commands of dece, from a checkout, installed or not."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


def run(command: str) -> None:
    """Run a command of dece, which calls itself as the script is called."""
    from dece_fairseq.cli import main

    main.run(command, sys.argv[1:], Path(sys.argv[0]).name)
