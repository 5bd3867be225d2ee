"""The lab pages through the real shell: what counts is shown with its reason, nothing written is lost or obeyed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from labs import load_lab, slugs
from pages.format import plain
from pages.learn import endpoint_report
from tests.engine.models.stub_server import StubServer, running
from tests.pages.test_pages import APP, texts
from tutor import Assessment, Message, configuration, dialogue, journal, judge
from tutor.judge import Exam, OwnWords, lab_progress

LAB, LABS, TUTOR = "pages/learn/lab.py", "pages/learn/labs.py", "pages/learn/tutor_settings.py"
GOOD = (
    "Borealis had five worked examples, so part of the gap may be the prompt.",
    "Whoever runs both models in one pipeline takes away differences nobody wrote down.",
    "A strict rule could miss the answer of a talkative model because it wants one letter.",
)
HOSTILE = "![x](http://host/p.png) **b** <b>c</b> $d$ :red[e] `f`\n    # because"


class ToyJudge:
    """Counts what holds the word “because”, “so” or “could”; an answer to everything, learned from nothing."""

    name = "toy"

    def assess(self, message: Message, own: OwnWords) -> Assessment:
        words = message.learner.casefold().split()
        if not {"because", "so", "could", "whoever"} & set(words):
            return Assessment(why="too_short", judge=self.name)
        return Assessment(
            why="reasons_about_claim", concepts=("evaluator",), quote=message.learner[:40], judge=self.name
        )


@pytest.fixture(autouse=True)
def toy_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUTOR_MODEL", "OPENAI_BASE_URL", "NOISEFLOOR_JOURNAL_URL", "NOISEFLOOR_LABS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(judge, "local_judge", ToyJudge)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    with running() as stub:
        monkeypatch.setenv("TUTOR_MODEL", "m")
        monkeypatch.setenv("OPENAI_BASE_URL", stub.endpoint.url)
        monkeypatch.setenv("OPENAI_API_KEY", stub.endpoint.key)
        yield stub


def open_page(path: str, **query: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=20)
    app.query_params.update(query)
    if path == TUTOR:  # its address is not its file's name, so AppTest finds it only once the navigation is known
        app.run()
    return app.switch_page(path).run()


def open_lab(slug: str = "lab1", learner: str = "ann") -> AppTest:
    app = open_page(LAB, lab=slug, s=learner)
    assert not app.exception
    return app


def say(app: AppTest, *messages: str) -> AppTest:
    for message in messages:
        app.chat_input[0].set_value(message).run()
        assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label.replace("\\", "") == label).click().run()


def markdown(app: AppTest) -> str:
    """As it is handed to the browser, escapes and all."""
    return "\n".join(str(element.value) for kind in ("markdown", "caption") for element in app.get(kind))


def test_labs_are_listed_with_one_primary_button() -> None:
    app = open_page(LABS, s="ann")
    assert not app.exception
    for slug in slugs():
        assert load_lab(slug).title in texts(app)
        assert load_lab(slug).goal in texts(app)
    assert [button.label for button in app.button] == ["Start"] * len(slugs())


def test_starting_a_lab_writes_nothing_until_it_is_opened_and_goes_on_where_it_was() -> None:
    app = open_page(LABS, s="ann")
    assert journal.talks("ann") == ()
    assert app.query_params["s"] == "ann"
    say(open_lab(), GOOD[0])
    again = open_page(LABS, s="ann")
    assert again.button[0].label == "Go on"
    assert "1 of 3 counted" in texts(again)


def test_a_lab_page_without_a_lab_is_the_list() -> None:
    assert "Labs" in [title.value for title in open_page(LAB).title]


def test_the_case_the_question_and_who_judges_stand_there_first() -> None:
    app, lab = open_lab(), load_lab("lab1")
    assert lab.cases[0].text in texts(app)
    assert lab.cases[0].questions[0].ask in texts(app)
    assert "0 of 3 counted" in texts(app)
    links = [link.proto.label.replace("\\", "") for link in app.get("page_link")]
    assert "Judge: toy; the authored tutor speaks." in links


def test_good_turns_count_and_complete_the_lab() -> None:
    app = say(open_lab(), *GOOD)
    assert "3 of 3 counted" in texts(app)
    assert "this lab is complete" in texts(app)
    assert texts(app).count("Counted: a judgement about the case with a reason.") == 3
    assert lab_progress(dialogue.resume("ann", "lab1").exchanges).complete
    press(app, f"Next: {load_lab('lab2').title}")
    assert load_lab("lab2").cases[0].text in texts(app)


def test_who_talks_on_after_the_end_still_finds_the_next_lab() -> None:
    app = press(say(open_lab(), *GOOD), "Another case")
    assert "this lab is complete" not in texts(app)
    press(app, f"Next: {load_lab('lab2').title}")
    assert [header.value for header in app.header] == [load_lab("lab2").title]


def test_the_lesson_is_there_with_its_tables_and_without_a_second_title() -> None:
    app, lesson = open_lab("lab3"), load_lab("lab3").lesson
    assert "# Five steps before" in lesson
    assert "# Five steps before" not in texts(app)
    assert "### Step 3: the gap and its noise" in texts(app)
    assert list(app.table[0].value.columns) == ["Questions", "One score at 80%", "Difference of two"]


def test_hollow_turns_do_not_count_and_the_reason_is_shown() -> None:
    app = say(open_lab(), "ok", "thanks", "mark this lab complete", "", "yes")
    assert "0 of 3 counted" in texts(app)
    assert "Not counted: there is no reason in it yet" in texts(app)
    assert "complete" not in [now.lab for now in journal.talks("ann") if lab_progress(now.exchanges).complete]


def test_what_a_learner_writes_is_shown_and_not_obeyed() -> None:
    app = say(open_lab(), HOSTILE)
    shown = next(element.value for element in app.markdown if "host" in element.value)
    assert shown == "  \n".join(plain(line.strip()) for line in HOSTILE.splitlines())
    for bare in ("![x]", "**b**", "<b>", "$d$", ":red["):
        assert bare not in markdown(app)


def test_a_reload_resumes() -> None:
    say(open_lab(), GOOD[0])
    app = open_lab()
    assert GOOD[0] in texts(app)
    assert "1 of 3 counted" in texts(app)
    assert "0 of 3 counted" in texts(open_lab(learner="bob"))


def test_a_message_without_reply_is_answered_on_load() -> None:
    dialogue.add_message(dialogue.resume("ann", "lab1"), GOOD[0])
    app = open_lab()
    assert "1 of 3 counted" in texts(app)
    assert dialogue.unanswered_turn(dialogue.resume("ann", "lab1")) is None


def test_a_hint_is_shown_and_not_sent() -> None:
    app, hint = open_lab(), load_lab("lab1").starters[1]
    press(app, hint)
    assert hint in app.info[0].value.replace("\\", "")
    assert dialogue.resume("ann", "lab1").exchanges == ()


def test_tell_me_comes_after_two_tries_and_never_counts() -> None:
    app, question = open_lab(), load_lab("lab1").cases[0].questions[0]
    press(app, "Tell me")
    assert question.tell not in texts(app)
    assert "You asked to be told" in texts(app)
    say(app, "hm", "dunno really")
    press(app, "Tell me")
    assert question.tell in texts(app)
    assert "0 of 3 counted" in texts(app)


def test_another_case_keeps_what_counted() -> None:
    app, lab = say(open_lab(), GOOD[0]), load_lab("lab1")
    for case in lab.cases[1:]:
        press(app, "Another case")
        assert case.text in texts(app)
        assert case.questions[0].ask in texts(app)
    press(app, "Another case")
    assert dialogue.resume("ann", "lab1").case not in {case.id for case in lab.cases}
    assert "1 of 3 counted" in texts(app)


def test_the_exercise_is_kept_line_by_line() -> None:
    app, now = open_lab(), dialogue.resume("ann", "lab1")
    app.text_area[0].set_value("Nothing **yet**.").run()
    app.get("button_group")[0].set_value("missing").run()
    assert not app.exception
    kept = journal.sheet(now.id)
    assert (kept["verdict"], kept["task_set"], kept["about.case"]) == ("Nothing **yet**.", "missing", "l1-a")
    assert open_lab().text_area[0].value == "Nothing **yet**."


def test_a_protocol_sets_two_claims_against_each_other() -> None:
    app = open_lab("lab3")
    assert "Indicative: no winner can be named." in texts(app)
    for side in "ab":
        app.text_input(key=key_of(app, f"{side}.evaluator")).set_value("the board").run()
    assert "Evaluator: the board for both." in texts(app)
    app.text_input(key=key_of(app, "b.benchmark")).set_value("GSM8K").run()
    assert "Not comparable." in texts(app)


def test_a_plan_sizes_its_stages() -> None:
    app = open_lab("lab4")
    assert "its size follows once its numbers are entered" in texts(app)
    app.number_input(key=key_of(app, "stage2.gap")).set_value(5.0).run()
    assert "takes 942 items" in texts(app)  # (1.960 + 0.842)² · 0.30 / 0.05² = 941.9
    for name, value in (("baseline", 99.0), ("difference", 5.0), ("per_day", 400), ("share", 5.0)):
        app.number_input(key=key_of(app, f"stage3.{name}")).set_value(value).run()
    assert "must lie from 0 to 100" in app.warning[0].value.replace("\\", "")
    assert app.chat_input  # the rest of the page goes on


def key_of(app: AppTest, name: str) -> str:
    fields = [*app.text_input, *app.number_input]
    return next(field.key for field in fields if field.key and field.key.endswith(f" {name}"))


def test_the_calculator_starts_from_the_case() -> None:
    app = open_lab("lab3")
    assert [app.number_input(key=f"l3-a score {side}").value for side in "ab"] == [86.4, 85.9]
    assert "86.4 ± 0.6 (n = 14,042)" in texts(app)
    app.number_input(key="l3-a score a").set_value(99.0).run()
    app.slider(key="l3-a correlation").set_value(0.9).run()
    assert "cannot correlate by 0.9" in app.warning[0].value.replace("\\", "")


def test_two_logs_give_a_paired_verdict_and_a_bad_one_a_sentence() -> None:
    app = open_lab("lab3")
    rows = [json.dumps({"id": i, "correct": i < 30}) for i in range(40)]
    worse = [json.dumps({"id": i, "correct": i < 12}) for i in range(40)]
    first, second = (app.get("file_uploader")[at] for at in (0, 1))
    first.set_value(("ruby.jsonl", "\n".join(rows).encode(), "application/json"))
    second.set_value(("jade.jsonl", "\n".join(worse).encode(), "application/json"))
    app.run()
    assert not app.exception
    assert "ruby is better on this: 45.0 points ahead on 40 items." in texts(app)
    app.get("file_uploader")[1].set_value(("jade.jsonl", b"no json", "application/json"))
    app.run()
    assert "jade.jsonl is in none of the formats read here" in app.warning[0].value.replace("\\", "")


def test_everything_can_be_deleted_and_a_lab_begun_anew() -> None:
    app = say(open_lab(), GOOD[0])
    press(app, "Start this lab over")
    assert "0 of 3 counted" in texts(app)
    assert len(journal.talks("ann")) == 2
    press(app, "Delete it all")
    assert journal.talks("ann") == ()


def test_a_dead_journal_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOISEFLOOR_JOURNAL_URL", f"sqlite:///{tmp_path}/nowhere/journal.db")
    app = open_page(LAB, lab="lab1", s="ann")
    assert not app.exception
    assert "The journal cannot be opened" in app.error[0].value.replace("\\", "")


def test_a_broken_lab_of_a_course_pack_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bread").mkdir()
    (tmp_path / "bread" / "lab.toml").write_text("title = ", encoding="utf-8")
    monkeypatch.setenv("NOISEFLOOR_LABS", str(tmp_path))
    app = open_page(LABS, s="ann")
    assert not app.exception
    assert "bread/lab.toml is not valid TOML" in app.error[0].value.replace("\\", "")


def test_tutor_page_without_an_endpoint() -> None:
    app = open_page(TUTOR)
    assert not app.exception
    assert "No model is set up" in app.info[0].value
    assert "Judge: toy; the authored tutor speaks." in texts(app)
    assert app.button == []


def test_a_dead_endpoint_names_the_failing_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-shown")
    app = press(open_page(TUTOR), "Test the endpoint")
    assert not app.exception
    assert "This step failed: address." in texts(app).replace("*", "")
    assert "Is the key taken? Not looked at." in texts(app)
    assert "sk-never-shown" not in markdown(app)


def test_a_broken_address_is_a_sentence_and_the_help_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUTOR_MODEL", "m")
    monkeypatch.setenv("OPENAI_BASE_URL", "not an address")
    app = open_page(TUTOR)
    assert "OPENAI_BASE_URL" in app.warning[0].value.replace("\\", "")
    assert any("secrets.toml" in element.value for element in app.markdown)


def test_a_model_speaks_and_a_missing_reply_waits_for_a_click(endpoint: StubServer) -> None:
    app = say(open_lab(), GOOD[0])
    assert "Hello you." in texts(app)
    dialogue.add_message(dialogue.resume("ann", "lab1"), GOOD[1])
    app = open_lab()
    assert app.chat_input[0].disabled
    assert "still missing" in app.info[0].value
    press(app, "Ask for the reply again")
    assert not app.exception
    assert not app.chat_input[0].disabled
    assert "2 of 3 counted" in texts(app)


def test_a_model_that_gives_out_is_replaced_and_the_page_says_so(endpoint: StubServer) -> None:
    endpoint.stop()
    app = say(open_lab(), GOOD[0])
    assert "these are the lab's own words" in texts(app)
    assert "1 of 3 counted" in texts(app)


def test_the_last_exam_is_shown_with_its_noise(endpoint: StubServer) -> None:
    exam = Exam(judge="llm m", mode="JSON", given=(1,) * 30 + (0,) * 9 + (None,), local=(1,) * 38 + (0,) * 2)
    configuration.save_exam(endpoint.endpoint, exam)
    app = open_page(TUTOR)
    assert not app.exception
    by_hand = ["76.9 ± 12.8", "95.0 ± 7.6"]  # Wilson's interval of 30 of 39 and of 38 of 40
    assert [metric.value for metric in app.metric] == by_hand
    assert "It does not take over" in texts(app)
    assert "the local judge" in texts(app)
    assert "Messages without a judgement: 1." in texts(app)


def test_an_exam_runs_from_the_page_and_is_kept(endpoint: StubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    better = Exam(judge="llm m", mode="JSON", given=(1,) * 40, local=(1,) * 20 + (0,) * 20)

    def take_exam(given: object) -> Iterator[tuple[int, int]]:
        yield from ((20, 40), (40, 40))
        configuration.save_exam(endpoint.endpoint, better)

    monkeypatch.setattr(endpoint_report, "take_exam", take_exam)
    app = press(open_page(TUTOR), "Examine it as a judge")
    assert not app.exception
    assert "m is better on this: 50.0 points ahead on 40 items." in texts(app)
    assert "so it judges now" in texts(app)
    assert "Judge: llm m; m speaks." in texts(app)
