"""The tutor on the command line: `python -m tutor assess | replay | chat | fetch`.

`assess` and `replay` read JSON lines and write JSON lines; nothing is kept. `chat` is a lab in the terminal, kept in
the journal like any other talk. `fetch` brings the model that can speak without a key.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from engine import CallerMistake, EngineError
from labs import Case, Lab, Question, case_of, load_lab
from tutor import dialogue, journal, judge, local_model
from tutor.configuration import configured_tutor, model_judge
from tutor.exchange import REQUIRED, Assessment, Message
from tutor.judge.assessment import Judge, assess, lab_progress

BROKEN_PIPE = 141


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0, or 2 when something was asked that cannot be done (one sentence on stderr)."""
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        return BROKEN_PIPE


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    made = argparse.ArgumentParser(prog="python -m tutor", description="Judge messages, replay talks, or talk.")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    for name, run, about in (
        ("assess", _assess, "JSON lines of exchanges in, a judgement a line out"),
        ("replay", _replay, "JSON lines of conversations in, the count after every turn out"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("--judge", choices=("local", "llm"), default="local")
        command.set_defaults(run=run)
    chat = commands.add_parser("chat", help="a lab in the terminal")
    chat.add_argument("--lab", default="lab1")
    chat.add_argument(
        "--learner", default="terminal", help="whose transcript it is; the same name goes on where it was"
    )
    chat.set_defaults(run=_chat)
    fetch = commands.add_parser("fetch", help=f"bring {local_model.TITLE}, 1.1 GB, to speak on this machine")
    fetch.set_defaults(run=_fetch)
    return made


def _assess(given: argparse.Namespace) -> int:
    chosen = _judge(given.judge)
    for where, record in _records(sys.stdin):
        earlier = _earlier_messages(record.get("history", []), where)
        message = _message(record, where, earlier, ())
        print(_json_line(_text(record, "id", where), assess(message, chosen, judge.local_judge())), flush=True)
    return 0


def _replay(given: argparse.Namespace) -> int:
    chosen = _judge(given.judge)
    for where, record in _records(sys.stdin):
        earlier: list[str] = []
        counted: list[str] = []
        turns = record.get("turns")
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            raise CallerMistake(f"{where.capitalize()}: the field “turns” is {turns!r}; it must be a list of objects.")
        for number, turn in enumerate(turns, start=1):
            message = _message({**record, **turn}, f"{where}, turn {number}", tuple(earlier), tuple(counted))
            found = assess(message, chosen, judge.local_judge())
            earlier.append(message.learner)
            if found.substantive:
                counted.append(message.learner)
            line = {
                "id": _text(record, "id", where),
                "turn": turn.get("turn", number),
                "substantive": found.substantive,
                "substantive_so_far": len(counted),
                "complete": len(counted) >= REQUIRED,
                "why": found.why,
            }
            print(json.dumps(line, ensure_ascii=False), flush=True)
    return 0


def _chat(given: argparse.Namespace) -> int:
    lab, tutor = load_lab(given.lab), configured_tutor()
    talk = dialogue.resume(given.learner, lab.slug)
    print(f"{lab.title}\n{tutor.describe()}")
    print("An empty line or Ctrl-D ends; what you said is kept. “tell me” asks to be told.")
    print(f"\n{case_of(lab, talk.case).text}\n\n{talk.question}")
    while dialogue.unanswered_turn(talk) or (line := _read_line()):  # a turn that was cut off is answered first
        if dialogue.unanswered_turn(talk) is None:
            talk = dialogue.add_message(talk, line, asked_to_be_told=line.casefold().strip(" .!") == "tell me")
        pieces, case_before = list(dialogue.respond(talk, tutor)), talk.case
        talk = journal.read(talk.id)
        last = talk.exchanges[-1]
        assert last.assessment is not None
        counted = min(lab_progress(talk.exchanges).counted, REQUIRED)
        print(f"\n  [{counted} of {REQUIRED}] {dialogue.status_line(last.assessment)} {last.assessment.notice}")
        print("\n" + "".join(pieces))
        if talk.case != case_before:
            print(f"\n  {case_of(lab, talk.case).text}")
    return 0


def _fetch(given: argparse.Namespace) -> int:
    for done, of in local_model.fetch():
        print(f"{done} of {of} parts of {local_model.TITLE}", flush=True)
    print(f"{local_model.path()} is whole. Switch it on with the page “Tutor”, or with TUTOR_MODEL=local.")
    return 0


def _read_line() -> str:
    try:
        return input("\n> ").strip()
    except EOFError:
        return ""


def _judge(name: str) -> Judge:
    return judge.local_judge() if name == "local" else model_judge()


def _records(lines: TextIO) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise CallerMistake(f"Line {number} is not JSON ({error}). Give one JSON object a line.") from error
        if not isinstance(record, dict):
            raise CallerMistake(
                f"Line {number} is {type(record).__name__}, not an object. Give one JSON object a line."
            )
        yield f"line {number}", record


def _message(record: Mapping[str, Any], where: str, earlier: tuple[str, ...], counted: tuple[str, ...]) -> Message:
    learner, slug, tutor, scenario = (_text(record, name, where) for name in ("learner", "lab", "tutor", "scenario"))
    try:
        lab = load_lab(slug)
        case = _case(lab, scenario, tutor)
    except CallerMistake as mistake:
        raise CallerMistake(f"{where.capitalize()}: {mistake}") from mistake
    return Message(lab=lab, case=case, tutor=tutor, learner=learner, earlier=earlier, counted=counted)


def _case(lab: Lab, scenario: str, tutor: str) -> Case:
    """The lab's case of that id, or a case made of the text itself when somebody brings their own."""
    if len(scenario.split()) == 1:
        return case_of(lab, scenario)
    first = lab.concepts[0]
    question = Question(id="own", ask=tutor, concepts=(first.id,), hint=first.gist, prompt=tutor, tell=first.gist)
    return Case(
        id="own", title="A case of your own", form="brief", source="given", subject="the case", text=scenario,
        questions=(question,),
    )  # fmt: skip


def _text(record: Mapping[str, Any], field: str, where: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or (not value and field != "learner"):
        raise CallerMistake(f"{where.capitalize()}: the field “{field}” is {value!r}; it must be a text.")
    return value.encode(errors="replace").decode()  # JSON may hold half a surrogate pair, which no reader takes


def _earlier_messages(history: Any, where: str) -> tuple[str, ...]:
    """Earlier messages of the learner: plain texts, objects with a “learner” text, or chat messages of that role."""
    if not isinstance(history, list):
        raise CallerMistake(f"{where.capitalize()}: “history” is {history!r}; it must be a list.")
    texts = [_learner_text(entry) if isinstance(entry, dict) else entry for entry in history]
    if not all(isinstance(text, str) for text in texts):
        raise CallerMistake(f"{where.capitalize()}: “history” must hold texts, or objects with a “learner” text.")
    return tuple(text for text in texts if text)


def _learner_text(entry: Mapping[str, Any]) -> Any:
    if "role" in entry:
        return entry.get("content", "") if entry["role"] in ("learner", "user") else ""
    return entry.get("learner", "")


def _json_line(id: str, found: Assessment) -> str:
    line = {
        "id": id,
        "substantive": found.substantive,
        "why": found.why,
        "concepts": list(found.concepts),
        "misconception": found.misconception,
        "judge": found.judge,
    }
    if found.notice:
        line["notice"] = found.notice
    return json.dumps(line, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
