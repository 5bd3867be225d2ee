"""Starts the app as `streamlit run app.py` does, with the options given, and kinder to its first visitor.

- What every page needs is imported before the server answers, which saves the first visitor a second.
- Battles that a crash left open go on at once, before anybody looks.
- A fresh Streamlit server takes a folder named pages/ for its older kind of app until a first session has run app.py,
  and greets that session with "Page not found" when it opens a deep link, a reopened battle for instance. The flag
  says early what `st.navigation` says anyway. Should a later Streamlit drop it, setting it does nothing.
"""

import sys
from pathlib import Path

import altair  # noqa: F401
import pandas  # noqa: F401
from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine import EngineError, arena  # noqa: E402

if __name__ == "__main__":
    try:
        arena.keep_going()
    except EngineError as error:
        sys.exit(str(error))
    PagesManager.uses_pages_directory = False
    sys.argv = ["streamlit", "run", str(ROOT / "app.py"), *sys.argv[1:]]
    sys.exit(cli.main())
