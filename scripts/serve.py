"""Starts the app as `streamlit run app.py` does, with the options given, and kinder to its first visitor.

- Battles that a crash left open go on at once, before anybody looks.
- What the home page needs is imported and computed before the server answers: a second less for who comes first.
- A fresh Streamlit server takes a folder named pages/ for its older kind of app until a first session has run app.py,
  and greets that session with "Page not found" when it opens a deep link, a reopened battle for instance. The flag
  says early what `st.navigation` says anyway. Should a later Streamlit drop it, setting it does nothing.
"""

import sys
from pathlib import Path

from streamlit.runtime.pages_manager import PagesManager
from streamlit.web import cli

APP = Path(__file__).resolve().parent.parent / "app.py"
sys.path.insert(0, str(APP.parent))

from engine import EngineError, runs  # noqa: E402
from engine.analysis import recordings  # noqa: E402
from pages.charts import noise_chart, score_bars  # noqa: E402
from pages.drawing.palette import DARK, LIGHT  # noqa: E402


def warm_up() -> None:
    battle = recordings.load("arc_easy")
    for n in noise_chart.checkpoints(100):
        recordings.verdict_after(battle, n)
    for colours in (LIGHT, DARK):
        noise_chart.draw(colours, len(battle.a), 40)
        score_bars.draw(colours)


if __name__ == "__main__":
    try:
        runs.resume_open()
    except EngineError as error:
        sys.exit(str(error))
    warm_up()
    PagesManager.uses_pages_directory = False
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    sys.exit(cli.main())
