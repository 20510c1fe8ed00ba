"""What every benchmark begins with: finding the package beside it, installed or not."""

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

# fairseq logs while it is imported, and makes matplotlib tell every font that it looks at.
logging.disable(logging.INFO)
