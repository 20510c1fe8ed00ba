"""What every script begins with: finding the package beside it, installed or not, and printing."""

import io
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# fairseq logs while it is imported, and makes matplotlib tell every font that it looks at.
logging.disable(logging.INFO)

# What a script has worked for is not lost on a character that the terminal doesn't know.
if isinstance(sys.stdout, io.TextIOWrapper):
    sys.stdout.reconfigure(errors="backslashreplace")
