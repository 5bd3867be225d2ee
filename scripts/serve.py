"""Starts the app as `streamlit run app.py` does, with the options given; for this machine alone, unless told otherwise.

scripts/serve.py --server.port 8501 --server.address 0.0.0.0
"""

import sys
from pathlib import Path

from streamlit.web import cli

APP = Path(__file__).resolve().parent.parent / "app.py"

if __name__ == "__main__":
    given = sys.argv[1:]
    if not any(option.startswith("--server.address") for option in given):
        given = ["--server.address", "127.0.0.1", *given]
    sys.argv = ["streamlit", "run", str(APP), *given]
    sys.exit(cli.main())
