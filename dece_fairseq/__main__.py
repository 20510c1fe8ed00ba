"""``python -m dece_fairseq COMMAND`` is ``dece COMMAND``.

Without a command it prints the folder to give to fairseq's ``--user-dir``.
"""

import sys

from dece_fairseq.cli.main import main

main(sys.argv[1:] or ["user-dir"])
