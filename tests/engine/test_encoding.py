"""What is stored and hashed keeps its keys and its bytes. The values here were written before the fields had their names."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable

from engine.battles.battle import Battle, Contender, ItemFailure, ItemResult
from engine.battles.forecast import Forecast, OutcomeProbabilities
from engine.battles.seal import Seal
from engine.encoding import stored_form
from engine.harness.config import Decoding, HarnessConfig
from engine.store.ledger import Ledger

DECODINGS = (
    None,
    Decoding(max_tokens=256, until=("Question:", "</s>")),
    Decoding(max_tokens=8, until=(), temperature=0.7, after="</think>"),
)
HARNESSES = [
    HarnessConfig(prompt_variant=variant, system=system, unconditional=scored, thinking=thinking, decoding=d, batch=n)
    for variant, system, scored, thinking, d, n in itertools.product(
        ("task", "short labels", "instruction first"),
        ("", "Größe “x”"),
        (False, True),
        (None, 0, 512),
        DECODINGS,
        (None, 4),
    )
]
PROBABILITIES = OutcomeProbabilities(a=0.5, b=0.2, equal=0.1, undecided=0.2)
FORECAST = Forecast(probabilities=PROBABILITIES, hypothesis="„Größer“ wins", by="f1:0123", nonce="00ff")
PLANS = [
    Battle(
        id="b1",
        a=Contender(model="ruby", harness=harness),
        b=Contender(model="jade", harness=HarnessConfig()),
        task="toy",
        item_ids=("sky/1", "ü"),
        items_digest="i1:00",
        seed=7,
        margin=0.02,
        level=0.95,
        device="cpu",
        stop="adaptive",
        estimand=estimand,
        repeat_of=repeat_of,
        forecast=forecast,
        probe=probe,
    )
    for harness, estimand, repeat_of, forecast, probe in itertools.product(
        HARNESSES[::20], ("skill", "benchmark"), ("", "b0"), (None, FORECAST), (False, True)
    )
]
OUTCOMES = {
    ItemResult(
        item_id="sky/1",
        score=1.0,
        choice=0,
        logliks=(-1.5, -2.25),
        scored=(1, 2),
        unconditional=(-3.0, -4.0),
        tokens=9,
        truncated_tokens=2,
        seconds=0.5,
    ): (
        '{"item_id":"sky/1","score":1.0,"choice":0,"logliks":[-1.5,-2.25],"scored":[1,2],"alone":[-3.0,-4.0],'
        '"text":null,"answer":null,"tokens":9,"cut":2,"seconds":0.5,"kind":"result"}'
    ),
    ItemResult(item_id="ü", score=0.0, text="so 7\n", answer="7"): (
        '{"item_id":"ü","score":0.0,"choice":null,"logliks":[],"scored":[],"alone":[],"text":"so 7\\n","answer":"7",'
        '"tokens":0,"cut":0,"seconds":0.0,"kind":"result"}'
    ),
    ItemFailure(item_id="x", reason="truncated", message="cut off", text="so"): (
        '{"item_id":"x","reason":"truncated","message":"cut off","text":"so","seconds":0.0,"kind":"failure"}'
    ),
}


def digest(texts: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(texts).encode()).hexdigest()


def test_fingerprints_stay() -> None:
    assert HarnessConfig().fingerprint == "h3:9c502b099c61"
    assert HarnessConfig(prompt_variant="short labels").fingerprint == "h3:9309c44f10da"
    whole = "b3d698920f182cd336497809018cab8a5d873d85383eaa1beba0fc2db3866f9c"
    assert digest(harness.fingerprint for harness in HARNESSES) == whole


def test_plans_stay_and_are_read_back() -> None:
    texts = [Seal.of(plan).plan for plan in PLANS]
    assert digest(texts) == "e3d6f65f43405724de6377305c9754114a283882eee18ff24ffe1e393b8a6cf7"
    with Ledger() as ledger:
        ledger.add(PLANS[-1])
        entry = ledger.entry("b1")
    assert entry.battle == PLANS[-1] and entry.seal and entry.seal.plan == texts[-1]


def test_outcomes_stay_and_are_read_back() -> None:
    with Ledger() as ledger:
        ledger.add(PLANS[0])
        assert ledger.claim("cpu") and ledger.append("b1", "a", [*OUTCOMES])
        with ledger.connection.begin():
            rows = ledger.connection.exec_driver_sql("SELECT body FROM outcomes ORDER BY item").all()
        assert sorted(body for (body,) in rows) == sorted(OUTCOMES.values())
        assert {*ledger.outcomes("b1", "a")} == {*OUTCOMES}


def test_what_is_inside_has_its_keys_too() -> None:
    stored = json.loads(json.dumps(stored_form(PLANS[-1])))
    assert stored["a"]["harness"]["wording"] == "instruction first" and "prompt_variant" not in stored["a"]["harness"]
    assert stored["card"]["forecast"] == {"a": 0.5, "b": 0.2, "equal": 0.1, "undecided": 0.2}
