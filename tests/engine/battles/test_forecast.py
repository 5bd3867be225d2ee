"""The seal: what it covers, that it notices a change, and that it gives nothing away."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError

from engine.battles.battle import Battle, Contender
from engine.battles.forecast import LONGEST_HYPOTHESIS, Forecast, OutcomeProbabilities, author
from engine.battles.seal import Seal
from engine.errors import CallerMistake
from engine.harness.config import Decoding, HarnessConfig
from engine.store.ledger import Ledger

FORECAST = OutcomeProbabilities(a=0.5, b=0.2, equal=0.1, undecided=0.2)
CARD = Forecast(probabilities=FORECAST, hypothesis='„Größer“ wins "easily" 😀', by="f1:0123", nonce="00ff")
BATTLE = Battle(
    id="b1",
    a=Contender(model="ruby", harness=HarnessConfig()),
    b=Contender(
        model="jade",
        harness=HarnessConfig(shots=5, extraction="strict", decoding=Decoding(max_tokens=8, until=("\n",))),
    ),
    task="toy",
    item_ids=("sky/0", "sky/1"),
    items_digest="i1:0",
    seed=7,
    margin=0.02,
    level=0.95,
    device="cpu",
    stop="adaptive",
    forecast=CARD,
)

# Written by hand, and to be written anew when a plan gets another field. Its hash is from coreutils: the same text in a file without a line end, `sha256sum FILE`.
WRITTEN = (
    '{"a":{"harness":{"batch":null,"decoding":null,"dtype":"auto","extraction":"argmax","multiturn":false,'
    '"normalisation":"sum","option_order":"given","shots":0,"shots_seed":1234,"system":"","template":"plain",'
    '"thinking":null,"unconditional":false,"wording":"task"},"model":"ruby","stands_for":""},'
    '"b":{"harness":{"batch":null,"decoding":{"after":"","max_tokens":8,"temperature":0.0,"until":["\\n"]},'
    '"dtype":"auto","extraction":"strict","multiturn":false,"normalisation":"sum","option_order":"given","shots":5,'
    '"shots_seed":1234,"system":"","template":"plain","thinking":null,"unconditional":false,"wording":"task"},'
    '"model":"jade","stands_for":""},'
    '"card":{"by":"f1:0123","forecast":{"a":0.5,"b":0.2,"equal":0.1,"undecided":0.2},'
    '"hypothesis":"„Größer“ wins \\"easily\\" 😀","nonce":"00ff"},'
    '"device":"cpu","id":"b1","item_ids":["sky/0","sky/1"],"items_digest":"i1:0","level":0.95,"margin":0.02,'
    '"of":"","probe":false,"seed":7,"stop":"adaptive","target":"skill","task":"toy"}'
)
HASH = "63605c0b36f33be8961930426d35816c0223ae744f6047d0963390708d8a52b6"


# ---- the seal


def test_the_sealed_text_and_its_hash() -> None:
    assert Seal.of(BATTLE) == Seal(digest=f"s1:{HASH}", plan=WRITTEN)
    assert hashlib.sha256(WRITTEN.encode()).hexdigest() == HASH


def changes(value: Any) -> Iterator[Any]:
    """The same thing with one leaf changed, for each leaf there is."""
    if is_dataclass(value):
        for field in fields(value):
            for other in changes(getattr(value, field.name)):
                yield replace(value, **{field.name: other})  # type: ignore[type-var]
    elif isinstance(value, tuple):
        yield value[::-1] if len(value) > 1 else (*value, "x")
        yield value[1:]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, (int, float)):
        yield value + 1
    else:
        yield "x" if value is None else value + " "


def test_a_change_of_anything_is_another_seal() -> None:
    changed = [*changes(BATTLE), replace(BATTLE, forecast=None)]
    assert len(changed) > 40
    assert len({Seal.of(battle).digest for battle in (BATTLE, *changed)}) == 1 + len(changed)
    assert not any(Seal(digest=f"s1:{HASH}", plan=Seal.of(battle).plan).intact for battle in changed)


def test_a_seal_does_not_give_the_forecast_away() -> None:
    """Two cards that say the same have different seals, so nobody finds the forecast by trying all."""
    one, other = (Seal.of(replace(BATTLE, forecast=Forecast(probabilities=FORECAST))) for _ in range(2))
    assert one.digest != other.digest
    assert len(json.loads(one.plan)["card"]["nonce"]) == 32  # 128 bits


texts = st.text(st.characters(codec="utf-8"), max_size=LONGEST_HYPOTHESIS)


@given(texts, texts)
def test_whatever_is_written_is_read_back_and_still_sealed(hypothesis: str, item: str) -> None:
    battle = replace(BATTLE, item_ids=(item, "sky/1"), forecast=replace(CARD, hypothesis=hypothesis))
    seal = Seal.of(battle)
    assert TypeAdapter(Battle).validate_json(seal.plan) == battle
    again = json.dumps(json.loads(seal.plan), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert Seal(digest=seal.digest, plan=again).intact  # what a reader of our JSON does


def test_what_json_cannot_say_is_not_sealed() -> None:
    for broken in (replace(BATTLE, margin=float("nan")), replace(BATTLE, id="\ud800")):
        with pytest.raises(ValueError, match=r"not JSON compliant|surrogates not allowed"):
            Seal.of(broken)


def test_an_author_is_not_the_secret() -> None:
    """printf 'Noise Floor forecasts by open sesame' | sha256sum"""
    assert author("open sesame") == "f1:9745ccbc1acf8180"
    assert author("open sesame ") != author("open sesame")


# ---- in the ledger


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with Ledger() as opened:
        yield opened


def test_a_card_is_sealed_when_its_plan_is_written_down(ledger: Ledger) -> None:
    ledger.add(BATTLE)
    entry = ledger.entry("b1")
    assert entry.battle == BATTLE
    assert entry.seal == Seal.of(BATTLE) and entry.seal.intact


def test_a_plan_without_a_card_has_no_seal(ledger: Ledger) -> None:
    ledger.add(replace(BATTLE, forecast=None))
    assert ledger.entry("b1").seal is None
    assert ledger.sealed() == []


@pytest.mark.parametrize("change", ["plan = replace(plan, 'sky/1', 'sky/2')", "seal = 's1:0'", "created = 0"])
def test_a_plan_cannot_be_changed_by_mistake(ledger: Ledger, change: str) -> None:
    """Nor gain a card later: card and seal would have to be written into these columns."""
    ledger.add(replace(BATTLE, forecast=None))
    with pytest.raises(IntegrityError, match="a plan stays as it was written down"), ledger.connection.begin():
        ledger.connection.exec_driver_sql(f"UPDATE battles SET {change}")
    assert ledger.entry("b1").battle == replace(BATTLE, forecast=None)


def tamper(own_home: Path, change: str, *values: Any) -> None:
    with sqlite3.connect(own_home / "ledger.db", isolation_level=None) as db:
        db.execute("DROP TRIGGER plans_stay")
        assert db.execute(f"UPDATE battles SET {change}", values).rowcount == 1
    db.close()


@pytest.mark.parametrize(
    "change",
    [
        "plan = json_set(plan, '$.card.forecast.a', 0.2, '$.card.forecast.b', 0.5)",
        "plan = json_set(plan, '$.card.forecast.a', 7)",  # no forecast at all, and still only broken
        "plan = json_set(plan, '$.margin', 0.1)",
        "plan = json_remove(plan, '$.card')",
        "plan = replace(plan, ':', ': ')",
        "plan = CAST(replace(plan, 'sky/1', 'sky/2') AS BLOB)",
        "seal = 's1:0'",
        "seal = ''",
    ],
)
def test_a_plan_changed_on_purpose_is_noticed(ledger: Ledger, own_home: Path, change: str) -> None:
    ledger.add(BATTLE)
    tamper(own_home, change)
    seal = ledger.entry("b1").seal
    assert seal is not None and not seal.intact


def test_a_card_put_into_a_plan_afterwards_is_not_sealed(ledger: Ledger, own_home: Path) -> None:
    ledger.add(replace(BATTLE, forecast=None))
    tamper(own_home, "plan = ?", Seal.of(BATTLE).plan)
    entry = ledger.entry("b1")
    assert (entry.battle, entry.seal) == (BATTLE, None)


def test_forecasts_by_one_person(ledger: Ledger) -> None:
    for number, by in enumerate(("ann", "bob", "ann", "")):
        ledger.add(replace(BATTLE, id=str(number), forecast=replace(CARD, by=by)))
    assert [entry.battle.id for entry in ledger.sealed()] == ["3", "2", "1", "0"]
    assert [entry.battle.id for entry in ledger.sealed("ann")] == ["2", "0"]
    assert [entry.battle.id for entry in ledger.sealed("")] == ["3"]
    assert [entry.battle.id for entry in ledger.sealed("ann", limit=1)] == ["2"]
    assert ledger.sealed("' OR 1 --") == []


# ---- forecasts that are none


def test_a_forecast_in_its_forms() -> None:
    assert OutcomeProbabilities.read("a=0.5,b=0.2,equal=0.1,undecided=0.2") == FORECAST
    assert OutcomeProbabilities.read(" undecided = 2e-1, b=.2 , equal=0.1,a=0.5") == FORECAST
    assert OutcomeProbabilities.read("a=1") == OutcomeProbabilities(a=1, b=0, equal=0, undecided=0)
    assert OutcomeProbabilities.percent(a=50, b=20, equal=10, undecided=20) == FORECAST


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "The forecast holds '': give each outcome once, as in a=0.5"),
        ("a=0.5,c=0.5", "holds 'c=0.5'"),
        ("a=0.5,a=0.5", "holds 'a=0.5'"),
        ("a=half", "holds 'a=half'"),
        ("a", "holds 'a'"),
        ("a=0.5,", "holds ''"),
        ("a=50%", "holds 'a=50%'"),
        ("x" * 10_000, f"holds '{'x' * 40}':"),
    ],
)
def test_text_that_is_no_forecast(text: str, words: str) -> None:
    with pytest.raises(CallerMistake) as caught:
        OutcomeProbabilities.read(text)
    assert words in str(caught.value) and len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a=50,b=20,equal=10,undecided=20", "a=50.0, which is no probability: write 0.5 for 50%"),
        ("a=1.2,b=-0.2", "a=1.2, which is no probability"),
        ("a=1,b=-0.2,equal=0.2", "b=-0.2, which is no probability"),
        ("a=nan,b=1", "a=nan, which is no probability"),
        ("a=inf", "a=inf, which is no probability"),
        ("a=0.5", "adds up to 0.5: the four outcomes are all that can happen"),
        ("a=0.6,b=0.2,equal=0.1,undecided=0.2", "adds up to 1.1:"),
        ("a=0", "adds up to 0:"),
    ],
)
def test_numbers_that_are_no_forecast(text: str, words: str) -> None:
    with pytest.raises(CallerMistake) as caught:
        Forecast(probabilities=OutcomeProbabilities.read(text)).check()
    assert words in str(caught.value)


@given(st.tuples(*[st.integers(0, 100)] * 4).filter(any))
def test_any_split_of_a_whole_is_a_forecast(parts: tuple[int, int, int, int]) -> None:
    OutcomeProbabilities(
        **dict(zip(("a", "b", "equal", "undecided"), (part / sum(parts) for part in parts), strict=True))
    ).check()


@pytest.mark.parametrize("field", ["hypothesis", "by", "nonce"])
def test_text_is_bounded_and_can_be_shown(field: str) -> None:
    longest = LONGEST_HYPOTHESIS if field == "hypothesis" else 64
    replace(CARD, **{field: "😀" * longest}).check()
    replace(CARD, **{field: "two\nlines, \u200d and <b>marks</b>"}).check()
    with pytest.raises(CallerMistake, match=rf"card's `{field}` has {longest + 1} characters: shorten it to {longest}"):
        replace(CARD, **{field: "😀" * (longest + 1)}).check()
    for hidden, shown in (("\x1b[2J", r"'\\x1b'"), ("\x00", r"'\\x00'"), ("\udcff", r"'\\udcff'")):
        with pytest.raises(CallerMistake, match=rf"card's `{field}` holds the character {shown}"):
            replace(CARD, **{field: f"a{hidden}b"}).check()
