"""Replays learners' messages with the offline tutor and prints whole transcripts in Markdown, for people to score.

    python measurements/transcripts.py CONVERSATIONS.jsonl > transcripts.md

Only the learners' messages are taken; questions, judgements and replies are the tutor's own, through the real journal.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tutor import dialogue, journal, local_tutor  # noqa: E402


def main() -> None:
    tutor = local_tutor()
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        talk = dialogue.start_over(secrets.token_urlsafe(16), given["lab"], given["scenario"])
        for turn in given["turns"]:
            talk = dialogue.add_message(talk, turn["learner"])
            list(dialogue.respond(talk, tutor))
            talk = journal.read(talk.id)
        print(f"<!-- {given['id']} -->\n")
        print(dialogue.transcript_markdown(talk))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NOISEFLOOR_HOME"] = folder
        main()
