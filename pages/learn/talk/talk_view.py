"""The talk: what was said, whether it counted and why, the open question, and the box to answer it in.

Everything is drawn from the journal; a new message is written there first, then answered, then all is drawn again.
"""

import secrets
from contextlib import suppress
from functools import partial

import streamlit as st

from engine import EngineError, access
from labs import Case, Lab, case_of, fresh_case
from pages.format import plain
from pages.learn.talk import check_question, next_lab, progress_dots
from pages.learn.talk.terms import defined
from pages.shared import person
from tutor import Exchange, Tutor, dialogue, journal
from tutor.journal import Talk
from tutor.judge import lab_progress
from tutor.text import language_of

HEIGHT = 430  # pixels kept for the talk, so that the box below stays where it is
FRESH = 1_000  # fresh cases to draw from
OVERTAKEN = (
    "This lab went on in another tab meanwhile, so nothing was sent. The talk is as it stands now, and your words are "
    "back in the box: send them if they still fit."
)
TUTOR, LEARNER = ":material/school:", ":material/person:"


def show(lab: Lab, now: Talk, tutor: Tutor) -> None:
    box = f"say-{lab.slug}"  # not the talk's: what was typed while another tab began one anew comes through
    waiting = dialogue.unanswered_turn(now)
    refused, refusal = "", ""
    if waiting is None:  # else all is drawn again in a moment
        refused, refusal = st.session_state.pop(f"refused {lab.slug}", ("", ""))
    if refused:
        st.session_state[box] = refused  # nobody's to throw away but the learner's
    check_question.show_before(lab, now)
    conversation = st.container(height=HEIGHT if now.exchanges else "content", border=False, key=f"talk-{now.id}")
    out_of_reach = waiting is not None and tutor.voice is not None
    say = partial(_take, lab, now, tutor)
    st.chat_input(
        "Your answer, in your own words",
        key=box,
        submit_mode="disable",
        disabled=out_of_reach,
        on_submit=lambda: say(st.session_state[box]),
    )
    if refusal:
        st.warning(plain(refusal))
    if tutor.voice is not None and tutor.reply_seconds is not None:
        st.caption(f"A model on this machine words the replies; one takes about {tutor.reply_seconds:.0f} s here.")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Tell me",
            key="tell",
            help="After two honest tries the tutor says it. It never counts.",
            disabled=out_of_reach,
            on_click=lambda: say("Tell me.", told=True),
        )
        other = st.button("Another case", key="other", help="What counted stays counted.", disabled=out_of_reach)
        again = st.session_state.pop(f"just said {lab.slug}", False)
        again |= out_of_reach and st.button("Ask for the reply again", key="again")
        st.page_link("learn/tutor_settings.py", label=plain(tutor.describe()), help="Who judges and who speaks.")
    check_question.show_after(lab, now)
    if waiting is None and other:
        dialogue.switch_case(now, _other_case(lab, now))
        st.rerun()
    with conversation:
        _exchanges(lab, now)
        if waiting is None:
            _open_question(lab, now)
            if not now.exchanges and now.point.kind == "question":
                _hints(lab, now)
            next_lab.show_at_the_close(lab, now)
        elif again or tutor.voice is None:
            with st.chat_message("assistant", avatar=TUTOR):
                st.write_stream(plain(piece) for piece in dialogue.respond(now, tutor))
            st.rerun()
        else:
            st.info("Your message is kept, and its reply is still missing.")


def _take(lab: Lab, seen: Talk, tutor: Tutor, text: str, *, told: bool = False) -> None:
    """A message, before the page is drawn: written down, and answered where no model has to be watched as it writes.

    lab, tutor  as on the page
    seen        the talk as it stood there when this was written
    text        the message; it is kept to be sent later where it cannot be taken
    told        whether it asks to be told the answer
    """
    try:
        person.check_still(seen.learner)
        sent_today = journal.messages_of(seen.learner, access.today())
        access.check_message(person.current(), sent_today=sent_today, stored=journal.size())
        if _standing(dialogue.resume(seen.learner, lab.slug)) != _standing(seen):
            raise journal.TurnTaken(OVERTAKEN)
        now = dialogue.add_message(seen, text, asked_to_be_told=told)
    except EngineError as error:
        st.session_state[f"refused {lab.slug}"] = "" if told else text, str(error)
        return
    if tutor.voice is not None:
        st.session_state[f"just said {lab.slug}"] = True
        return
    with suppress(EngineError):  # said where the page asks for the reply once more
        for _ in dialogue.respond(now, tutor):
            pass


def _standing(now: Talk) -> tuple[str, int, str]:
    """Where the talk stands: what somebody saw who answers it."""
    return now.id, len(now.exchanges), now.question


def _hints(lab: Lab, now: Talk) -> None:
    """Where to look, for whoever does not know how to begin. A hint is shown and never sent."""
    st.caption("You could")
    with st.container(horizontal=True, gap="xsmall"):
        pressed = [hint for hint in lab.starters if st.button(plain(hint), key=f"hint {now.id} {hint}", wrap=True)]
    for chosen in pressed:
        st.info(f"{plain(chosen)}. Then write what you see there and what it changes, in a sentence of your own.")


def _exchanges(lab: Lab, now: Talk) -> None:
    case, last = next((exchange.case for exchange in now.exchanges), now.case), ""
    for number, exchange in enumerate(now.exchanges, start=1):
        if exchange.case != case:
            _case_turned(lab, exchange.case)
        if exchange.tutor != last:
            _tutor_says(lab, exchange.tutor)
        with st.chat_message("user", avatar=LEARNER):
            st.markdown(_with_line_breaks(exchange.learner))
            st.caption(_status(exchange, lab_progress(now.exchanges[:number]).counted))
        if exchange.reply is not None:
            _tutor_says(lab, exchange.reply)
        if exchange.voice.startswith("authored ("):
            st.caption(f"The model gave out, so these are the lab's own words {plain(exchange.voice[9:])}.")
        case, last = exchange.case, exchange.reply or ""
    if now.case != case:
        _case_turned(lab, now.case)


def _open_question(lab: Lab, now: Talk) -> None:
    if not now.exchanges or now.question != now.exchanges[-1].reply:
        _tutor_says(lab, now.question)


def _tutor_says(lab: Lab, words: str) -> None:
    with st.chat_message("assistant", avatar=TUTOR):
        st.markdown(defined(words, lab))


def _case_turned(lab: Lab, case: str) -> None:
    st.caption(f"The card now shows “{plain(case_of(lab, case).title)}”.", text_alignment="center")


def _status(exchange: Exchange, counted: int) -> str:
    """Counted or not, and why; how far that is; what else a reader should know about the judgement."""
    judged = exchange.assessment
    if judged is None:
        return plain(exchange.damage) or "Being read …"
    if exchange.told:
        return "You asked to be told. This neither counts nor costs anything."
    mark = "●" if judged.substantive else "○"
    reason = plain(dialogue.status_line(judged, language_of(exchange.learner)))
    count = f"{progress_dots.in_words(counted)}." if exchange.reply is not None else ""
    return " ".join(filter(None, [mark, reason, count, plain(judged.notice)]))


def _with_line_breaks(text: str) -> str:
    """A learner's text with its line breaks; spaces in front would make Markdown take it for code."""
    return "  \n".join(plain(line.strip()) for line in text.splitlines())


def _other_case(lab: Lab, now: Talk) -> Case:
    """The next written case that was not talked about, else a fresh one."""
    met = {exchange.case for exchange in now.exchanges}
    order = [case.id for case in lab.cases]
    after = lab.cases[order.index(now.case) + 1 :] if now.case in order else ()
    unmet = [case for case in after if case.id not in met]
    if unmet or not lab.templates:
        return next(iter([*unmet, *(case for case in lab.cases if case.id != now.case), *lab.cases]))
    return fresh_case(lab, secrets.randbelow(FRESH))
