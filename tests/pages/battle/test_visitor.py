"""What a visitor sees and may do, and that it holds when a browser sends what no widget offers."""

from __future__ import annotations

from typing import Any

import pytest

from engine import BattleRequest, access, runs
from engine.access import Person
from engine.store.ledger import Ledger
from pages.battle.setup import harness_fields, model_picker, setup
from pages.format import JOINER
from pages.shared import person
from tests.pages.driving import HOSTILE, Start, labelled, open_page, press, raw, run_button, shown, texts

BATTLE, HISTORY = "pages/battle/battle.py", "pages/battle/history.py"
ANN, BOB = Person(id="f1:ann", operator=False), Person(id="f1:bob", operator=False)
OPERATOR = Person(id="f1:op", operator=True)


def become(me: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(person, "current", lambda: me)


@pytest.fixture(autouse=True)
def visitor(monkeypatch: pytest.MonkeyPatch) -> None:
    become(ANN, monkeypatch)


def buttons(app: Any) -> set[str]:
    return {button.label for button in app.button}


def test_limits_are_told_beforehand_and_nothing_beyond_them_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(BATTLE)
    assert (
        "You are a visitor here. A battle has up to 200 questions and 15 minutes of answering; you may have 2 at"
        in texts(app)
    )
    assert app.select_slider(key="items").options == ["20", "50", "100", "200"]
    for side in ("a", "b"):
        assert model_picker.OTHER not in app.selectbox(key=side).options
    become(OPERATOR, monkeypatch)
    app = open_page(BATTLE)
    assert "visitor" not in texts(app)
    assert app.select_slider(key="items").options[-1] == "all 2,376"
    assert model_picker.OTHER in app.selectbox(key="a").options


@pytest.mark.parametrize(
    ("items", "choices"), [("0", ["1", "2"]), ("7", ["3", "7"]), ("300", ["20", "50", "100", "200", "300"])]
)
def test_any_limit_leaves_a_slider_that_can_be_drawn(
    items: str, choices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_ITEMS", items)
    app = open_page(BATTLE)
    assert not app.exception
    assert app.select_slider(key="items").options == choices


def test_a_benchmark_that_is_not_here_is_no_lesson_in_installing_it() -> None:
    app = open_page(BATTLE)
    app.selectbox(key="task").set_value("gsm8k").run()
    assert run_button(app).disabled
    assert "This server does not have that benchmark" in app.warning[0].value
    assert "NOISEFLOOR_DATA" not in app.warning[0].value


def test_a_visitors_battle_and_what_is_refused() -> None:
    for _ in range(2):
        app = run_button(open_page(BATTLE)).click().run()
        assert not app.exception
        assert (
            runs.watch(
                app.query_params["battle"][0]
                if isinstance(app.query_params["battle"], list)
                else app.query_params["battle"]
            ).owner
            == ANN.id
        )
    app = run_button(open_page(BATTLE)).click().run()
    assert "You have 2 battles waiting or running" in shown(app.warning)
    assert "battle" not in app.query_params
    assert len(access.history(ANN)) == 2
    press(app, "Measure it")
    assert "You have 2 battles waiting or running" in shown(app.warning)
    assert len(runs.history()) == 2


def test_a_measurement_that_waits_can_be_stopped_and_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_OPEN_BATTLES", "1")
    app = press(open_page(BATTLE), "Measure it")
    assert "Timing eight items" in texts(app)
    assert "You have 1 battle waiting" in shown(run_button(app).click().run().warning)
    app = press(app, "Stop timing")
    assert not app.exception and "Timing eight items" not in texts(app)
    assert "battle" in run_button(app).click().run().query_params


# ---- what no widget offers


@pytest.mark.parametrize("address", ["openai:x@http://127.0.0.1:9/v1", "hf:org/name", "/etc", "endpoint:mine"])
def test_a_forged_address_is_refused_by_the_server(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = setup.show

    def forged(me: Person) -> BattleRequest | None:
        real(me)
        return BattleRequest(a=address, b="gemma-3-270m", task="arc_easy", limit=20)

    monkeypatch.setattr(setup, "show", forged)
    app = run_button(open_page(BATTLE)).click().run()
    assert not app.exception
    assert "Visitors may not use a model of their own choosing" in shown(app.warning)
    assert runs.history() == []


@pytest.mark.parametrize("key", ["a", "task", "template", "items", "shots arc_easy", "normalisation arc_easy"])
def test_a_choice_that_was_not_offered_is_not_taken(key: str) -> None:
    """As a browser may send it: in the widget's state, not through its list."""
    app = open_page(BATTLE)
    widget = next(each for each in (*app.selectbox, *app.select_slider) if each.key == key)
    run_button(app).click()
    forge(app, widget.id, "openai:x@http://127.0.0.1:9/v1")
    assert not app.exception
    (entry,) = [entry for entry, _ in runs.history()]
    assert entry.battle.a.model == "smollm2-135m-instruct" and entry.battle.a.harness.template == "plain"


def forge(app: Any, widget_id: str, value: str) -> None:
    """Runs the page with what was pressed, and with a state for one widget that its list does not have."""
    states = app._tree.get_widget_states()
    state = next((each for each in states.widgets if each.id == widget_id), None) or states.widgets.add()
    state.id = widget_id
    if state.WhichOneof("value") == "string_array_value":
        del state.string_array_value.data[:]
        state.string_array_value.data.append(value)
    else:
        state.string_value = value
    app._run(states)


# ---- other people's battles


def test_anybody_may_look_and_only_the_owner_may_act(fight: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    nobodys = fight()
    app = open_page(BATTLE, battle=nobodys)
    assert not app.exception
    assert "Was it a fair fight?" in texts(app)
    assert buttons(app) == {"New battle"}
    become(OPERATOR, monkeypatch)
    assert {"Measure the protocol and rerun parts", "Delete it for good"} <= buttons(open_page(BATTLE, battle=nobodys))


def test_a_running_battle_of_somebody_else_has_no_stop(start: Start) -> None:
    app = open_page(BATTLE, battle=start())
    assert not app.exception
    assert buttons(app) == set()


def test_a_stopped_one_says_so_and_cannot_be_gone_on_with(start: Start) -> None:
    battle_id = start()
    runs.stop(battle_id)
    app = open_page(BATTLE, battle=battle_id)
    assert "This battle was stopped" in app.warning[0].value
    assert "Go on with it" not in buttons(app)


# ---- names and deletion


def own(**settings: Any) -> str:
    request = BattleRequest(a="smollm2-135m-instruct", b="gemma-3-270m", task="arc_easy", limit=20, **settings)
    return access.start(ANN, request)


def test_a_battle_is_named_by_its_owner_and_the_name_is_text() -> None:
    battle_id = own()
    app = open_page(BATTLE, battle=battle_id)
    labelled(app.text_input, "A name, for you to find it by. Whoever looks at the battle sees it.").set_value(HOSTILE)
    press(app, "Keep the name")
    assert not app.exception
    kept = runs.watch(battle_id).name
    assert kept == HOSTILE[: access.LONGEST_NAME].strip()
    assert kept in texts(open_page(BATTLE, battle=battle_id)).replace(JOINER, "")
    for bare in ("![x]", "<b>"):
        assert bare not in raw(open_page(BATTLE, battle=battle_id))
    assert open_page(HISTORY).dataframe[0].value["name"].tolist() == [kept]


def test_a_battle_is_deleted_by_its_owner() -> None:
    battle_id = own()
    app = press(open_page(BATTLE, battle=battle_id), "Stop")
    app = press(app, "Delete it for good")
    assert not app.exception
    assert runs.history() == []
    assert "There is no battle" in shown(open_page(BATTLE, battle=battle_id).error)


def test_a_watcher_of_a_battle_that_is_deleted_sees_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fragment of a running battle runs without the shell."""
    from pages.battle import watch

    battle_id = own()
    real, gone = runs.watch, []

    def deleted_meanwhile(id_: str) -> Any:
        if gone:
            access.stop(ANN, battle_id)
            access.delete(ANN, battle_id)
        gone.append(id_)
        return real(id_)

    monkeypatch.setattr(watch.runs, "watch", deleted_meanwhile)
    app = open_page(BATTLE, battle=battle_id)
    assert not app.exception
    assert "There is no battle" in shown(app.warning)


def test_all_battles_are_ones_own_for_a_visitor_and_everybodys_for_the_operator(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, nobodys = own(), start()
    app = open_page(HISTORY)
    assert [link.partition("=")[2] for link in app.dataframe[0].value["battle"]] == [mine]
    assert "who" not in app.dataframe[0].value
    become(BOB, monkeypatch)
    assert "None yet" in shown(open_page(HISTORY).markdown)
    become(OPERATOR, monkeypatch)
    table = open_page(HISTORY).dataframe[0].value
    assert {(link.partition("=")[2], who) for link, who in zip(table["battle"], table["who"], strict=True)} == {
        (mine, "visitor ann"),
        (nobodys, "command line"),
    }


def test_time_that_is_used_up_is_said_once_and_going_on_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFLOOR_VISITOR_MINUTES", "0")
    battle_id = own()
    with Ledger() as ledger:
        message = "Its time is used up. 0 of 40 answers are kept."
        ledger.set_state(battle_id, "stopped", only_from=("queued",), message=message)
    app = open_page(BATTLE, battle=battle_id)
    assert shown(app.warning).count("are kept") == 1
    assert "Go on with it" not in buttons(app)
    become(OPERATOR, monkeypatch)
    assert "Go on with it" in buttons(open_page(BATTLE, battle=battle_id))


def test_the_templates_offered_are_those_a_plan_can_have() -> None:
    assert set(harness_fields.TEMPLATES) == {"plain", "chat"}
