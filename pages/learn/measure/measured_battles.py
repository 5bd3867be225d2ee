"""The battles of a measurement: run here if this person may and the machine can, or opened as they were recorded."""

import secrets

import streamlit as st

from engine import BattleRequest, EngineError, Progress, access, load_task, models, runs
from engine.access import Person
from engine.report import figures
from labs import Measurement
from labs import measurement as measuring
from pages.format import plain
from pages.shared import person
from pages.shared.errors import errors_shown, in_words
from tutor import dialogue
from tutor.dialogue import Measuring
from tutor.journal import Talk

EVERY = 1.5
FEWEST = 20  # questions below which nothing can be read off


def show(measurement: Measurement, now: Talk, state: Measuring) -> None:
    """What can be done now: begin, watch, or read the number off, after which all is drawn again."""
    me = person.current()
    if state.recorded:
        _keep(now, measurement, [measuring.recorded_scores(battle.recording) for battle in measurement.battles])
    found = _watched(state.battles)
    if found is None or not state.battles:
        _choose(me, measurement, now, again=bool(state.battles))
        return
    if missing := len(measurement.battles) - len(found):
        st.caption(f"{figures.count(missing, 'run')} of {len(measurement.battles)} to go, over the same questions.")
        if st.button("Start the next run", type="primary", key="measure-next"):
            _start(me, measurement, now, found)
        _offer_recording(now)
    elif any(progress.open for progress in found):
        st.fragment(_progress, run_every=EVERY)(state.battles)
    elif lost := [progress for progress in found if progress.state != "done"]:
        _say_why(me, lost[0])
        _choose(me, measurement, now, again=True)
    else:
        _read_off(me, measurement, now, found)


def show_source(now: Talk, state: Measuring) -> None:
    """Where the battle can be looked at as a whole."""
    if state.recorded or not state.battles:
        st.markdown("You opened the recorded battle.")
        st.page_link("battle/recorded.py", label="Look at it as a whole", icon=":material/arrow_forward:")
        return
    st.markdown("You ran it here.")
    for battle_id in state.battles:
        _link(battle_id)


def _watched(battles: tuple[str, ...]) -> list[Progress] | None:
    """How far they are; None where one of them is gone, which is said."""
    try:
        return [runs.watch(battle_id) for battle_id in battles]
    except EngineError as error:
        st.warning(in_words(str(error)))
        return None


def _choose(me: Person, measurement: Measurement, now: Talk, *, again: bool) -> None:
    reason = obstacle(me, measurement)
    with st.container(horizontal=True):
        if not reason and st.button("Run it again" if again else "Run it here", type="primary", key="measure-run"):
            with errors_shown():
                _start(me, measurement, now, [])
        _offer_recording(now)
    st.caption(plain(reason or _outlook(me, measurement)))


def _offer_recording(now: Talk) -> None:
    if st.button("Open the recorded one", key="measure-open", help="The same, run once and kept with the product."):
        with errors_shown():
            person.check_still(now.learner)
            dialogue.measured.keep_battles(now, dialogue.measured.RECORDED)
            st.rerun()


def obstacle(me: Person, measurement: Measurement) -> str:
    """Why this person cannot run it here, in a sentence; empty where nothing stands in the way."""
    for request in requests(me, measurement, seed=0):
        absent = [card for card in map(models.find, (request.a, request.b)) if not card.present]
        lacking = load_task(request.task).advice(request.shots or 0)
        if absent or lacking:
            if not me.operator:
                return "This server does not have what the battle needs, so there is the recorded one."
            return lacking or f"{absent[0].title} is not installed. To get it: {absent[0].advice()}."
        try:
            access.check_request(me, request)
        except EngineError as error:
            return str(error)
        if request.limit is None or request.limit < FEWEST:
            return "Visitors may not run battles of this size here, so there is the recorded one."
    return ""


def requests(me: Person, measurement: Measurement, *, seed: int) -> list[BattleRequest]:
    """What would be run on behalf of a person: as many questions as the lab asks for, or as they may have."""
    limits = access.limits_of(me)
    return [
        BattleRequest(
            a=battle.a,
            b=battle.b,
            task=battle.task,
            limit=min(battle.items, limits.items) if limits else battle.items,
            seed=seed,
            shots=load_task(battle.task).shots if battle.shots is None else battle.shots,
        )
        for battle in measurement.battles
    ]


def _start(me: Person, measurement: Measurement, now: Talk, begun: list[Progress]) -> None:
    """Starts what is missing, all over the same draw of questions; each is written down before the next begins."""
    person.check_still(now.learner)
    seed = begun[0].battle.seed if begun else secrets.randbelow(1_000_000)
    ids = [progress.battle.id for progress in begun]
    with errors_shown():
        for request in requests(me, measurement, seed=seed)[len(ids) :]:
            ids.append(access.start(me, request))
            dialogue.measured.keep_battles(now, *ids)
        st.rerun()


def _outlook(me: Person, measurement: Measurement) -> str:
    """How many questions, and how long they take here if that is known."""
    asked = requests(me, measurement, seed=0)
    seconds = [runs.seconds_an_item(request) for request in asked]
    questions = figures.count(asked[0].limit or 0, "question")
    runs_of = f"{len(asked)} runs of {questions}" if asked[1:] else questions
    if None in seconds:
        return f"{runs_of}, some minutes on this machine. The recorded one has more questions and is there at once."
    took = sum(s * (request.limit or 0) for s, request in zip(seconds, asked, strict=True) if s)
    return (
        f"{runs_of}, about {figures.duration(took)} on this machine. The recorded one has more questions and is there "
        "at once."
    )


def _progress(battles: tuple[str, ...]) -> None:
    """How far they are, drawn again every 1.5 s; at the end the page is."""
    with errors_shown():
        found = [runs.watch(battle_id) for battle_id in battles]
        for progress in found:
            st.progress(progress.done / (2 * progress.battle.n), text=plain(_status(progress)))
            _link(progress.battle.id)
        st.caption("You can go on with the talk meanwhile: it comes to its end by itself, and waits for you here.")
        if not any(progress.open for progress in found):
            st.rerun()


def _status(progress: Progress) -> str:
    title = f"{load_task(progress.battle.task).title}, {progress.battle.a.harness.shots} worked examples"
    if not progress.open:
        return f"{title}: done"
    if progress.ahead:
        return f"{title}: in the queue, {figures.count(progress.ahead, 'battle')} ahead"
    if progress.seconds_left is None:
        return f"{title}: {progress.phase or 'starting'} …"
    return f"{title}: about {figures.duration(progress.seconds_left)} left"


def _say_why(me: Person, progress: Progress) -> None:
    st.warning(in_words(progress.message) or "The battle was stopped before its end, so nothing is read off it.")
    if access.may_change(me, progress.owner):
        _link(progress.battle.id)


def _read_off(me: Person, measurement: Measurement, now: Talk, found: list[Progress]) -> None:
    try:
        _keep(now, measurement, [measuring.scores_of_result(runs.result(each.battle.id)) for each in found])
    except EngineError as error:  # too many answers failed, for one
        st.warning(in_words(str(error)))
        _choose(me, measurement, now, again=True)


def _keep(now: Talk, measurement: Measurement, battles: list[measuring.BattleScores]) -> None:
    """Writes the number down as it will be shown, and draws all again."""
    person.check_still(now.learner)
    dialogue.measured.keep_claim(now, measuring.measured(measurement, battles))
    st.rerun()


def _link(battle_id: str) -> None:
    st.page_link(
        "battle/battle.py",
        label="Look at the battle",
        icon=":material/arrow_forward:",
        query_params={"battle": battle_id},
    )
