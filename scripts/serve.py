"""Starts the app as `streamlit run app.py` does, with the options given; without a false alarm on a first visit.

A fresh Streamlit server takes a folder named pages/ for its older kind of app until a first session has run app.py, and
greets that session with "Page not found" when it opens a deep link, a reopened battle for instance. The flag says early
what `st.navigation` says anyway. Should a later Streamlit drop it, setting it does nothing.
"""

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

if __name__ == "__main__":
    PagesManager.uses_pages_directory = False
    sys.argv = ["streamlit", "run", str(Path(__file__).resolve().parent.parent / "app.py"), *sys.argv[1:]]
    sys.exit(cli.main())
