"""`python -m engine`: battles, verdicts, and what there is to fight with, without a browser."""

import sys

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
