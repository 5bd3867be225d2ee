"""Learns tutor/judge/local/*.npz from tutor/judge/messages and the labs. Over an hour on 2 cores.

    .venv/bin/python scripts/train_judge.py [--without pairs,hard] [--out FOLDER] [--epochs 4]

`--without` keeps files of other writers out of the learning: the honest way to choose anything here. Messages are put
under other questions as well: a real answer to a question of another lab is off the topic there, and a sentence that
fits any case stays hollow wherever it stands. Needs scikit-learn and torch (requirements-dev.txt); the app needs
neither for the judge.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.nn import functional
from transformers import AutoModel

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from labs import Case, Expectation, case_of, load_lab, slugs  # noqa: E402
from tutor import SUBSTANTIVE, WHYS, Message  # noqa: E402
from tutor.judge import extract_own_words  # noqa: E402
from tutor.judge.local.embeddings import Embeddings, key_of  # noqa: E402
from tutor.judge.local.encoder import LAYERS, MATRICES, SCALE, WIDTH, Encoder, weights_folder  # noqa: E402
from tutor.judge.local.features import count_features, hash_words  # noqa: E402
from tutor.judge.local.nearness import ASKED, Nearness, sentences_of, statements_of_case, statements_of_lab  # noqa: E402
from tutor.judge.local.stated import STATEMENT, signs_of  # noqa: E402

MESSAGES = ROOT / "tutor" / "judge" / "messages"
LABS = {slug: load_lab(slug) for slug in slugs()}
CONCEPTS = [(slug, one.id) for slug, lab in LABS.items() for one in lab.concepts]
BELIEFS = [(slug, one.id) for slug, lab in LABS.items() for one in lab.misconceptions]
QUESTIONS = [(slug, case, one) for slug, lab in LABS.items() for case in lab.cases for one in case.questions]
SOUND = [index for index, why in enumerate(WHYS) if why in SUBSTANTIVE]
RANK, BATCH, RATE, HEAD_RATE = 8, 32, 8e-4, 2e-3
SWAPPED, ELSEWHERE = 0.35, 3  # swaps, as a share of the substantive; places where a sentence that fits any case is put
REST = 1_200  # messages without a belief that the belief heads learn from, beside those written about beliefs

encoder = Encoder({})
embeddings = Embeddings(encoder)


@dataclass(kw_only=True)
class Sample:
    """A labelled message with all that is computed from it once. `without` is the lab's own statement that it is."""

    message: Message
    why: str
    language: str
    file: str
    concepts: Sequence[str] = ()
    belief: str | None = None
    denies: str | None = None
    category: str = ""
    without: str = ""
    counts: Any = field(init=False)
    hash: Any = field(init=False)
    pieces: Any = field(init=False)
    alone: Any = field(init=False)

    def __post_init__(self) -> None:
        own = extract_own_words(self.message)
        near = Nearness(self.message, own.text, embeddings, without=self.without)
        self.counts = np.concatenate([count_features(self.message, own), near.features()])
        self.hash = hash_words(own.words)
        self.pieces = encoder.word_pieces(self.message.asked, own.text)
        self.alone = encoder.word_pieces("", own.text)

    @property
    def sound(self) -> bool:
        return self.why in SUBSTANTIVE

    @property
    def lab(self) -> str:
        return self.message.lab.slug

    def elsewhere(self, why: str, *, other_lab: bool) -> Sample:
        """The same words under another question, where they are hollow."""
        slug, case, asked = random.choice([one for one in QUESTIONS if not other_lab or one[0] != self.lab])
        words = random.choice([asked.ask, asked.ask, asked.prompt])
        message = Message(lab=LABS[slug], case=case, tutor=words, learner=self.message.learner)
        return replace(self, message=message, why=why, concepts=(), belief=None, denies=None)


def written(without: set[str]) -> Iterator[Sample]:
    """The messages of the files."""
    for file in sorted(MESSAGES.glob("*.jsonl")):
        for line in [] if file.stem in without else file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            lab = LABS[record["lab"]]
            case = case_of(lab, record["case"])
            asked = record.get("tutor") or next(one.ask for one in case.questions if one.id == record["question"])
            message = Message(
                lab=lab, case=case, tutor=asked, learner=record["learner"], earlier=tuple(record.get("earlier", ()))
            )
            labels = {name: record.get(name) for name in ("belief", "denies")}
            yield Sample(
                message=message, why=record["why"], language=record["language"], file=file.stem,
                concepts=record.get("concepts") or (), category=record.get("category", ""), **labels,
            )  # fmt: skip


def authored() -> Iterator[Sample]:
    """The labs' statements as messages: what could be said, what would be wrong, beliefs held and denied."""
    for slug, case, asked in QUESTIONS:
        for one in asked.expect:
            for text in (*one.says, *one.contrary):
                words = random.choice([asked.ask, asked.ask, asked.prompt, one.ask])
                why = "gives_design_decision" if slug == "lab4" and random.random() < 0.6 else "reasons_about_claim"
                why = "asks_probing_question" if text.endswith("?") else why
                yield _statement(slug, case, words, text=text, why=why, concepts=(one.concept,))
    for slug, lab in LABS.items():
        for belief in lab.misconceptions:
            fitting = [one for one in QUESTIONS if one[0] == slug and belief.concept in one[2].concepts]
            for text in (*belief.held, *belief.denied):
                _, case, asked = random.choice(fitting or [one for one in QUESTIONS if one[0] == slug])
                labels = {"belief": belief.id} if text in belief.held else {"denies": belief.id}
                words = random.choice([asked.ask, belief.ask])
                yield _statement(
                    slug, case, words, text=text, why="reasons_about_claim", concepts=(belief.concept,), **labels
                )


def _statement(
    slug: str, case: Case, asked: str, *, text: str, why: str, concepts: tuple[str, ...], **labels: str
) -> Sample:
    message = Message(lab=LABS[slug], case=case, tutor=asked, learner=text)
    return Sample(
        message=message, why=why, language="en", file="statements", concepts=concepts, without=text, **labels
    )  # fmt: skip


# ------------------------------------------------------------------ the encoder with an adapter


class LowRank(nn.Module):
    """A frozen linear layer with a low-rank addition to learn."""

    def __init__(self, inner: nn.Linear) -> None:
        super().__init__()
        self.inner = inner
        self.a = nn.Parameter(torch.randn(RANK, inner.in_features) / math.sqrt(inner.in_features))
        self.b = nn.Parameter(torch.zeros(inner.out_features, RANK))
        self.drop = nn.Dropout(0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x) + SCALE * (self.drop(x) @ self.a.T @ self.b.T)


class Adapted(nn.Module):
    """The encoder with low-rank additions; gives the mean states of both texts."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(weights_folder(), attn_implementation="sdpa").requires_grad_(False)
        self.adapters: dict[str, LowRank] = {}
        for index, layer in enumerate(self.bert.encoder.layer):
            for name in MATRICES:
                path, _, last = name.rpartition(".")
                parent = layer.get_submodule(path)
                self.adapters[f"{index}.{name}"] = LowRank(getattr(parent, last))
                setattr(parent, last, self.adapters[f"{index}.{name}"])
        self.drop = nn.Dropout(0.2)

    def states(self, pieces: Sequence[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Of the second text and of the first, each of shape (batch, 384)."""
        longest = max(len(ids) for ids, _ in pieces)
        ids = torch.zeros(len(pieces), longest, dtype=torch.long)
        types, mask = torch.zeros_like(ids), torch.zeros(len(pieces), longest)
        for row, (own, kinds) in enumerate(pieces):
            ids[row, : len(own)], types[row, : len(own)] = torch.tensor(own), torch.tensor(kinds)
            mask[row, : len(own)] = 1
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        hidden = hidden.float()
        halves = [(types == kind).float() * mask for kind in (1, 0)]
        second, first = ((hidden * one[..., None]).sum(1) / one.sum(1, keepdim=True).clamp(min=1) for one in halves)
        return self.drop(second), self.drop(first)

    def learned(self, prefix: str) -> dict[str, Any]:
        """The additions, by name."""
        parts = {f"{name}.{part}": getattr(one, part) for name, one in self.adapters.items() for part in "ab"}
        assert len(self.adapters) == LAYERS * len(MATRICES)
        return {f"{prefix}adapter.{name}": part.detach().numpy() for name, part in parts.items()}


class KindReader(Adapted):
    """Heads for the kind, and, of the words alone, for concepts and beliefs: they only shape the states."""

    def __init__(self, counts: int) -> None:
        super().__init__()
        self.why = nn.Linear(2 * WIDTH + counts, len(WHYS))
        self.concept, self.belief = nn.Linear(WIDTH, len(CONCEPTS)), nn.Linear(WIDTH, 2 * len(BELIEFS))

    def loss(self, samples: Sequence[Sample], scaled: Callable[[Any], Any], weights: Any, hollow: float) -> Any:
        """Kind (cross-entropy), and counts or not (on the summed chances, both halves weighing the same)."""
        counts = torch.tensor(scaled(np.stack([one.counts for one in samples]))).float()
        why = self.why(torch.cat([*self.states([one.pieces for one in samples]), counts], -1))
        kinds = torch.tensor([WHYS.index(one.why) for one in samples])
        sound = torch.tensor([float(one.sound) for one in samples])
        chance = why.softmax(-1)[:, SOUND].sum(-1).clamp(1e-4, 1 - 1e-4)
        weight = torch.where(sound > 0, 1.0, hollow)
        loss = 0.4 * functional.cross_entropy(why, kinds, weight=weights, label_smoothing=0.05)
        return loss + functional.binary_cross_entropy(chance, 0.94 * sound + 0.03, weight=weight)

    def loss_alone(self, samples: Sequence[Sample]) -> Any:
        """Concepts, beliefs held, beliefs denied, of the words alone; each only against its own lab's."""
        answer, _ = self.states([one.alone for one in samples])
        held, denied = self.belief(answer).split(len(BELIEFS), -1)
        knows = [float(bool(one.denies) or one.file in ("pairs", "statements")) for one in samples]
        parts = (
            (4, self.concept(answer), CONCEPTS, lambda one, id: id in one.concepts, [1.0] * len(samples)),
            (3, held, BELIEFS, lambda one, id: id == one.belief, [1.0] * len(samples)),
            (2, denied, BELIEFS, lambda one, id: id == one.denies, knows),
        )
        loss = torch.zeros(())
        for factor, head, names, truth, labelled in parts:
            mine = torch.tensor(
                [[known * (slug == one.lab) for slug, _ in names] for one, known in zip(samples, labelled, strict=True)]
            )
            true = torch.tensor([[float(slug == one.lab and truth(one, id)) for slug, id in names] for one in samples])
            each = functional.binary_cross_entropy_with_logits(head, true, reduction="none")
            loss = loss + factor * (each * mine).sum() / mine.sum().clamp(min=1)
        return loss


class PairReader(Adapted):
    """Whether a message (second text) states a statement (first text)."""

    def __init__(self, signs: int) -> None:
        super().__init__()
        self.head = nn.Linear(3 * WIDTH + signs, 1)

    def forward(self, pieces: Any, signs: torch.Tensor) -> torch.Tensor:
        message, statement = self.states(pieces)
        return self.head(torch.cat([message, statement, message * statement, signs], -1)).squeeze(-1)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A message and an expectation: does it state it? `without` is the statement that the message itself is."""

    one: Expectation
    text: str
    states: bool
    without: str = ""
    weight: float = 1.0

    def pieces(self) -> tuple[list[int], list[int]]:
        says = [text for text in self.one.says if text != self.without]
        read = " / ".join(random.sample(says, min(2, len(says))))
        return encoder.word_pieces(read, self.text, question_begins=STATEMENT)


def statement_pairs() -> Iterator[Pair]:
    """Of the labs' statements: each states its own expectation, and neither its neighbour's nor another question's."""
    for _, case, asked in QUESTIONS:
        others = [one for other in case.questions if other is not asked for one in other.expect]
        for one in asked.expect:
            for text in one.says:
                yield Pair(one=one, text=text, states=True, without=text)
                beside = random.choice([other for other in asked.expect if other is not one])
                yield Pair(one=beside, text=text, states=False)
                yield Pair(one=random.choice(others), text=text, states=False, weight=0.7)
            yield from (Pair(one=one, text=text, states=False, without=text) for text in one.contrary)


def labelled_pairs() -> Iterator[Pair]:
    """Of messages/stated: learners' messages, each with the expectations it was read against and those it states."""
    for line in (MESSAGES / "stated" / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        known = {
            f"{asked.id}/{one.id}": one
            for asked in case_of(LABS[record["lab"]], record["case"]).questions
            for one in asked.expect
        }
        for id in record["read"]:
            yield Pair(one=known[id], text=record["learner"], states=id in record["stated"], weight=1.5)


# ------------------------------------------------------------------------------- learning


def optimised(model: Adapted, heads: Sequence[nn.Parameter], steps: int) -> Callable[[torch.Tensor], None]:
    """A step down a loss, with the rates rising and falling over so many steps."""
    added = [matrix for one in model.adapters.values() for matrix in (one.a, one.b)]
    optimiser = torch.optim.AdamW(
        [{"params": added, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.05
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=steps + 1, pct_start=0.1)

    def step(loss: torch.Tensor) -> None:
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_([*added, *heads], 1.0)
        optimiser.step()
        if schedule.last_epoch < steps:
            schedule.step()

    return step


def batches(all: Sequence[Any], length: Callable[[Any], int]) -> list[list[Any]]:
    """Of about equal lengths, in any order."""
    near = [one for start in range(0, len(all), 512) for one in sorted(all[start : start + 512], key=length)]
    return [near[start : start + BATCH] for start in range(0, len(near), BATCH)]


def learn_kinds(
    samples: Sequence[Sample], epochs: int, scaled: Callable[[Any], Any]
) -> tuple[KindReader, list[Sample]]:
    """The reader of kinds; and the samples it was last shown, with those put elsewhere."""
    model = KindReader(len(samples[0].counts))
    heads = [*model.why.parameters(), *model.concept.parameters(), *model.belief.parameters()]
    sound = [one for one in samples if one.sound]
    step, shown = None, []
    for epoch in range(epochs):
        swapped = [
            one.elsewhere("off_topic", other_lab=True) for one in random.sample(sound, int(SWAPPED * len(sound)))
        ]
        anywhere = [one for one in samples if one.category == "fits_any"] * ELSEWHERE
        shown = [*samples, *swapped, *(one.elsewhere("copy_paste", other_lab=False) for one in anywhere)]
        random.shuffle(shown)
        kinds = np.bincount([WHYS.index(one.why) for one in shown], minlength=len(WHYS)).clip(1)
        weights = torch.tensor(np.sqrt(len(shown) / len(WHYS) / kinds)).float()
        hollow = sum(one.sound for one in shown) / sum(not one.sound for one in shown)
        work = [(some, False) for some in batches(shown, lambda one: len(one.pieces[0]))]
        work += [
            (some, True) for some in batches(random.sample(sound, int(0.6 * len(sound))), lambda one: len(one.alone[0]))
        ]
        random.shuffle(work)
        step = step or optimised(model, heads, epochs * (len(work) + 8))
        model.train()
        losses = []
        for some, alone in work:
            loss = model.loss_alone(some) if alone else model.loss(some, scaled, weights, hollow)
            step(loss)
            losses.append(float(loss.detach()))
        print(f"kinds, epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}", flush=True)
    return model.eval(), shown


def learn_pairs(pairs: list[Pair], epochs: int) -> dict[str, Any]:
    """The statement reader's part of learned.npz."""
    signs = {id(pair): signs_of(pair.one, pair.text, embeddings, without=pair.without) for pair in pairs}
    all_signs = np.stack(list(signs.values()))
    mean, spread = all_signs.mean(0), all_signs.std(0) + 1e-6
    model = PairReader(len(mean))
    step = optimised(model, list(model.head.parameters()), epochs * (len(pairs) // BATCH + 8))
    for epoch in range(epochs):
        random.shuffle(pairs)
        model.train()
        losses = []
        for some in batches(pairs, lambda pair: len(pair.text)):
            rows = np.clip((np.stack([signs[id(pair)] for pair in some]) - mean) / spread, -3, 3)
            given = model([pair.pieces() for pair in some], 0.5 * torch.tensor(rows).float())
            truth = torch.tensor([0.95 * pair.states + 0.025 for pair in some])
            weight = torch.tensor([pair.weight for pair in some])
            loss = functional.binary_cross_entropy_with_logits(given, truth, weight=weight)
            step(loss)
            losses.append(float(loss.detach()))
        print(f"statements, epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.3f}", flush=True)
    head = {"weight": model.head.weight.detach().numpy(), "bias": model.head.bias.detach().numpy()}
    return model.learned("stated.") | {
        f"stated.{name}": part for name, part in (head | {"mean": mean, "spread": spread}).items()
    }


def subject_heads(model: KindReader, samples: Sequence[Sample]) -> dict[str, Any]:
    """Linear heads for concepts, beliefs held and beliefs denied over the states of the words, a lab at a time."""
    sound = [one for one in samples if one.sound]
    states = np.zeros((len(sound), WIDTH), np.float32)
    with torch.inference_mode():
        for rows in batches(range(len(sound)), lambda row: len(sound[row].alone[0])):
            states[rows] = model.states([sound[row].alone for row in rows])[0].numpy()
    spread = states.std(0) + 1e-6
    rest = [
        row
        for row, one in enumerate(sound)
        if not one.belief and not one.denies and one.file not in ("pairs", "statements")
    ]
    of_beliefs = set(range(len(sound))) - set(rest) | set(random.sample(rest, min(REST, len(rest))))

    def head(rows: Sequence[int], labels: Sequence[bool], weight: float) -> tuple[Any, float]:
        fitted = LogisticRegression(C=0.003, max_iter=200, class_weight={False: 1, True: weight})
        fitted.fit(states[rows] / spread, labels)
        return fitted.coef_[0] / spread, float(fitted.intercept_[0])

    rows_of = {slug: [row for row, one in enumerate(sound) if one.lab == slug] for slug in slugs()}
    concepts = [
        head(rows, [id in sound[row].concepts for row in rows], 2)
        for slug, id in CONCEPTS
        for rows in [[row for row in rows_of[slug] if sound[row].concepts]]
    ]
    beliefs = [
        head(rows, [getattr(sound[row], kind) == id for row in rows], 3)
        for kind in ("belief", "denies")
        for slug, id in BELIEFS
        for rows in [[row for row in rows_of[slug] if row in of_beliefs]]
    ]
    learned = {}
    for name, heads in (("concept", concepts), ("belief", beliefs)):
        learned |= {
            f"{name}.weight": np.stack([one for one, _ in heads]),
            f"{name}.bias": np.array([bias for _, bias in heads]),
        }
    return learned


def counting_head(samples: Sequence[Sample], scaled: Callable[[Any], Any]) -> dict[str, Any]:
    """The classifier that needs no encoder but for nearness."""
    rows = 0.3 * scaled(np.stack([one.counts for one in samples]), clip=False)  # type: ignore[call-arg]
    features = np.hstack([rows, 3 * np.stack([one.hash for one in samples])])
    kinds = np.array([WHYS.index(one.why) for one in samples])
    fitted = LogisticRegression(C=1.0, max_iter=150, class_weight="balanced").fit(features, kinds)
    assert list(fitted.classes_) == list(range(len(WHYS)))
    return {"counts.weight": fitted.coef_, "counts.bias": fitted.intercept_}


def ready_embeddings() -> dict[str, Any]:
    """embeddings.npz: every text of the labs that messages are compared with."""
    texts = {one.text for lab in LABS.values() for one in statements_of_lab(lab)}
    for lab in LABS.values():
        texts |= {sentence for part in lab.reading for sentence in sentences_of(part)}
        for case in lab.cases:
            texts |= {one.text for one in statements_of_case(lab.slug, case)} | set(sentences_of(case.text))
            for asked in case.questions:
                asked_for = (asked.ask, asked.prompt, *(one.ask for one in asked.expect))
                texts |= {asked.hint, *(text[-ASKED:] for text in asked_for)}
        texts |= {one.ask[-ASKED:] for one in lab.transfer}
    ordered = sorted(texts)
    return {
        "keys": np.array([key_of(text) for text in ordered]),
        "vectors": embeddings.of(ordered).astype(np.float16),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", default="", help="names of files to keep out, comma-separated")
    parser.add_argument("--out", type=Path, default=ROOT / "tutor" / "judge" / "local")
    parser.add_argument("--epochs", type=int, default=4)
    given = parser.parse_args()
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    np.savez_compressed(given.out / "embeddings.npz", **ready_embeddings())
    samples = [*written(set(filter(None, given.without.split(",")))), *authored()]
    print(f"{len(samples)} messages, {sum(one.sound for one in samples)} of them substantive", flush=True)
    counts = np.stack([one.counts for one in samples])
    mean, spread = counts.mean(0), counts.std(0) + 1e-6

    def scaled(rows: Any, *, clip: bool = True) -> Any:
        standard = (rows - mean) / spread
        return np.clip(0.3 * standard, -2, 2) if clip else standard

    model, shown = learn_kinds(samples, given.epochs, scaled)
    learned = {"mean": mean, "spread": spread, **counting_head(shown, scaled), **model.learned("")}
    learned |= {"why.weight": model.why.weight.detach().numpy(), "why.bias": model.why.bias.detach().numpy()}
    learned |= subject_heads(model, samples) | learn_pairs([*statement_pairs(), *labelled_pairs()], 2)
    learned = {name: part.astype(np.float32 if part.size < 100 else np.float16) for name, part in learned.items()}
    learned["concept_names"] = np.array(["/".join(one) for one in CONCEPTS])
    learned["belief_names"] = np.array(["/".join(one) for one in BELIEFS])
    np.savez_compressed(given.out / "learned.npz", **learned)
    print(f"learned.npz: {(given.out / 'learned.npz').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
