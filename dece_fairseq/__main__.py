"""``python -m dece_fairseq COMMAND`` is ``dece COMMAND``.

Without a command it prints the folder to give to fairseq's ``--user-dir``.
"""

import sys

from dece_fairseq.cli.main import main

if __name__ == "__main__":  # not in workers that import it again
    sys.argv[1:] = sys.argv[1:] or ["user-dir"]
    main()
