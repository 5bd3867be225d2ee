"""Texts to tokens: lines a few at a time, and conversations in a model's template."""

from __future__ import annotations

import pytest
import torch

from engine.errors import Unsupported
from engine.harness.config import Decoding
from engine.harness.prompt import Conversation, Turn
from engine.models.interface import Prompt, Ranking
from engine.models.local import encoder
from engine.models.local.model import LocalModel
from tests.engine.models.local.zoo import RHYME, plain_logits, questions, sentences, sum_of_last, written_by

# ---- lines


@pytest.mark.parametrize("at_once", [(1, 1), (3, 2), (100, 1), (1, 100)], ids=str)
def test_lines_are_the_same_however_many_are_made_at_a_time(
    at_once: tuple[int, int], llama: LocalModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = questions(7, seed=31)
    expected = llama.encoder.lines(items)
    for name, value in zip(("TEXTS_AT_ONCE", "ITEMS_AT_ONCE"), at_once, strict=True):
        monkeypatch.setattr(encoder, name, value)
    assert llama.encoder.lines(items) == expected
    assert [len(each) for each in expected] == [len(item.pairs) for item in items]


def test_choices_that_read_the_same_share_what_they_read(llama: LocalModel) -> None:
    """Four letters after a prompt of a thousand tokens would hold it four times."""
    choices = ("A", "B", "C")
    (lines,) = llama.encoder.lines([Ranking(item_id="one", pairs=tuple((RHYME, choice) for choice in choices))])
    assert [line.scored for line in lines] == [1, 1, 1]
    assert lines[0].read is lines[1].read is lines[2].read


# ---- conversations

TEMPLATE = """{{ bos_token }}{% if enable_thinking is defined %}[{{ enable_thinking }}]{% endif %}\
{% for message in messages %}<{{ message.role }}>{{ message.content | trim }}</{{ message.role }}>
{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"""
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}"
ALTERNATING = """{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}\
{{ raise_exception('roles must alternate') }}{% endif %}{% endfor %}"""
TALK = Conversation(
    (Turn("system", "Be brief."), Turn("user", "the cat "), Turn("assistant", "sat"), Turn("user", "why"))
)


@pytest.fixture
def chatty(llama: LocalModel) -> LocalModel:
    llama.tokenizer.chat_template = TEMPLATE
    return llama


def test_a_conversation_is_put_into_the_models_template(chatty: LocalModel) -> None:
    assert chatty.encoder.text(TALK) == (
        "<s><system>Be brief.</system>\n<user>the cat</user>\n<assistant>sat</assistant>\n<user>why</user>\n<assistant>"
    )
    assert chatty.encoder.text("as it is") == "as it is"


@pytest.mark.parametrize(("thinking", "mark"), [(None, ""), (True, "[True]"), (False, "[False]")])
def test_the_template_is_told_whether_to_think(thinking: bool | None, mark: str, chatty: LocalModel) -> None:
    """And nothing of it where nothing is chosen: templates have a way of their own."""
    asked = Conversation((Turn("user", "why"),), thinking)
    assert chatty.encoder.text(asked) == f"<s>{mark}<user>why</user>\n<assistant>"


@pytest.mark.parametrize("thinking", [None, True])
def test_a_template_that_refuses_a_system_goes_without(thinking: bool | None, chatty: LocalModel) -> None:
    """As lm-eval does; all else is kept."""
    chatty.tokenizer.chat_template = NO_SYSTEM + TEMPLATE
    spoken = Conversation(TALK.turns[1:], thinking)
    assert chatty.encoder.text(Conversation(TALK.turns, thinking)) == chatty.encoder.text(spoken)
    assert "brief" not in chatty.encoder.text(spoken) and "<user>the cat</user>" in chatty.encoder.text(spoken)


def test_a_template_that_refuses_everything_says_so(chatty: LocalModel) -> None:
    chatty.tokenizer.chat_template = ALTERNATING + TEMPLATE
    talk = Conversation((Turn("user", "the cat"), Turn("user", "why")))
    with pytest.raises(Unsupported, match="refuses the conversation: roles must alternate"):
        next(chatty.rank([Ranking(item_id="c", pairs=((talk, " red"),))]))
    with pytest.raises(Unsupported, match="refuses the conversation"):
        next(chatty.write([Prompt(item_id="c", text=talk)], Decoding(max_tokens=3, until=())))


def test_a_model_without_a_template_says_so(llama: LocalModel) -> None:
    with pytest.raises(Unsupported, match="no chat template"):
        next(llama.rank([Ranking(item_id="c", pairs=((TALK, " red"),))]))


def test_conversations_are_ranked_with_one_begin_token(chatty: LocalModel) -> None:
    """The template begins with it; choices follow the template's last word without a space, as lm-eval has it."""
    talks = [Conversation((Turn("system", RHYME), Turn("user", text))) for text in sentences(6, 23)]
    items = [
        Ranking(item_id=f"c{i}", pairs=tuple((talk, choice) for choice in ("A", "B", "red mat")), unconditional=True)
        for i, talk in enumerate(talks)
    ]
    chatty.tree.budget = 64
    told = {o.item_id: o for batch in chatty.rank(items) for o in batch}
    for i, talk in enumerate(talks):
        before = f"<system>{RHYME}</system>\n<user>{talk.turns[1].content}</user>\n<assistant>"
        assert chatty.encoder.text(talk) == "<s>" + before
        start = [0, *chatty.tokenizer.encode(before, add_special_tokens=False)]
        outcome = told[f"c{i}"]
        for choice, scored, total in zip(("A", "B", "red mat"), outcome.scored, outcome.sums, strict=True):
            whole = [0, *chatty.tokenizer.encode(before + choice, add_special_tokens=False)]
            assert scored == len(whole) - len(start)
            assert total == pytest.approx(sum_of_last(chatty, whole, scored), abs=1e-4)


def test_a_conversation_is_written_on_as_its_text_is(chatty: LocalModel) -> None:
    text = chatty.encoder.text(TALK)
    items = [Prompt(item_id="talk", text=TALK), Prompt(item_id="text", text=text)]
    told = written_by(chatty, items, Decoding(max_tokens=6, until=()))
    assert told["talk"].text == told["text"].text
    tokens = [0, *chatty.tokenizer.encode(text.removeprefix("<s>"), add_special_tokens=False)]
    assert told["talk"].tokens == len(tokens) + 6
    with torch.inference_mode():
        first = int(plain_logits(chatty, tokens)[-1].argmax())
    assert told["talk"].text.startswith(chatty.tokenizer.decode([first]))
