"""Learns tutor/judge/learned.npz from the labelled messages in tutor/judge/messages. About half an hour on 2 cores.

    .venv/bin/python scripts/train_judge.py [--without lab12-b,lab34-b] [--out FILE] [--epochs 5]

`--without` keeps files of other writers out of the learning and reports how well they are judged: the honest way to
choose anything here. Needs scikit-learn and torch (requirements-dev.txt); the app needs neither of them for the judge.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
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

from labs import case_of, load_lab, slugs  # noqa: E402
from tutor import SUBSTANTIVE, WHYS, Message  # noqa: E402
from tutor.judge import (  # noqa: E402
    LAYERS,
    MATRICES,
    SCALE,
    Encoder,
    count_features,
    extract_own_words,
    hash_words,
    weights_folder,
)

MESSAGES = ROOT / "tutor" / "judge" / "messages"
RANK, BATCH, RATE, HEAD_RATE = 8, 16, 6e-4, 2e-3
CONCEPTS = [(slug, one.id) for slug in slugs() for one in load_lab(slug).concepts]
BELIEFS = [(slug, one.id) for slug in slugs() for one in load_lab(slug).misconceptions]
SOUND = [index for index, why in enumerate(WHYS) if why in SUBSTANTIVE]


class Sample:
    """A labelled message with all that is computed from it once."""

    def __init__(self, record: dict[str, Any], file: str, encoder: Encoder) -> None:
        lab = load_lab(record["lab"])
        case = case_of(lab, record["case"])
        asked = record.get("tutor") or next(one.ask for one in case.questions if one.id == record["question"])
        message = Message(
            lab=lab, case=case, tutor=asked, learner=record["learner"], earlier=tuple(record.get("earlier", ()))
        )
        own = extract_own_words(message)
        self.file, self.language, self.lab = file, record["language"], lab.slug
        self.why, self.concepts, self.belief = record["why"], record.get("concepts", []), record.get("belief")
        self.sound = self.why in SUBSTANTIVE
        self.counts, self.hash = count_features(message, own), hash_words(own.words)
        self.ids, self.types = encoder.word_pieces(asked, own.text)


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


class Reader(nn.Module):
    """The encoder with its adapter and three heads: kind, concepts, beliefs."""

    def __init__(self, counts: int) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(weights_folder(), attn_implementation="eager").requires_grad_(False)
        self.adapters: dict[str, LowRank] = {}
        for index, layer in enumerate(self.bert.encoder.layer):
            for name in MATRICES:
                path, _, last = name.rpartition(".")
                parent = layer.get_submodule(path)
                self.adapters[f"{index}.{name}"] = LowRank(getattr(parent, last))
                setattr(parent, last, self.adapters[f"{index}.{name}"])
        self.drop = nn.Dropout(0.2)
        self.why = nn.Linear(768 + counts, len(WHYS))
        self.concept, self.belief = nn.Linear(768, len(CONCEPTS)), nn.Linear(768, len(BELIEFS))

    def forward(self, ids: Any, types: Any, mask: Any, counts: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        states = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state.float()
        answer, question = (types == 1).float() * mask, (types == 0).float() * mask
        means = [(states * one[..., None]).sum(1) / one.sum(1, keepdim=True) for one in (answer, question)]
        state = self.drop(torch.cat(means, -1))
        return self.why(torch.cat([state, counts], -1)), self.concept(state), self.belief(state)


def batch(samples: list[Sample], mean: Any, spread: Any) -> tuple[torch.Tensor, ...]:
    longest = max(len(one.ids) for one in samples)
    ids = torch.zeros(len(samples), longest, dtype=torch.long)
    types, mask = torch.zeros_like(ids), torch.zeros(len(samples), longest)
    for row, one in enumerate(samples):
        n = len(one.ids)
        ids[row, :n], types[row, :n], mask[row, :n] = torch.tensor(one.ids), torch.tensor(one.types), 1
    counts = np.clip(0.3 * (np.stack([one.counts for one in samples]) - mean) / spread, -2, 2)
    return ids, types, mask, torch.tensor(counts).float()


def loss_of(model: Reader, samples: list[Sample], given: tuple[torch.Tensor, ...], weights: Any, hollow: float) -> Any:
    """Kind (cross-entropy), counts or not (on the summed chances, both halves weighing the same), concepts, beliefs."""
    why, concept, belief = model(*given)
    kinds = torch.tensor([WHYS.index(one.why) for one in samples])
    sound = torch.tensor([float(one.sound) for one in samples])
    chance = why.softmax(-1)[:, SOUND].sum(-1).clamp(1e-4, 1 - 1e-4)
    weight = torch.where(sound > 0, 1.0, hollow)
    loss = 0.5 * functional.cross_entropy(why, kinds, weight=weights, label_smoothing=0.05)
    loss = loss + functional.binary_cross_entropy(chance, 0.94 * sound + 0.03, weight=weight)
    rows = [row for row, one in enumerate(samples) if one.sound]
    for factor, head, names, truth in (
        (4, concept, CONCEPTS, lambda one, id: id in one.concepts),
        (3, belief, BELIEFS, lambda one, id: id == one.belief),
    ):
        if rows:
            mine = torch.tensor([[float(slug == samples[row].lab) for slug, _ in names] for row in rows])
            true = torch.tensor(
                [[float(slug == samples[row].lab and truth(samples[row], id)) for slug, id in names] for row in rows]
            )
            each = functional.binary_cross_entropy_with_logits(head[rows], true, reduction="none")
            loss = loss + factor * (each * mine).sum() / mine.sum()
    return loss


def train_reader(samples: list[Sample], epochs: int, mean: Any, spread: Any) -> Reader:
    model = Reader(len(mean))
    heads = [*model.why.parameters(), *model.concept.parameters(), *model.belief.parameters()]
    added = [matrix for one in model.adapters.values() for matrix in (one.a, one.b)]
    optimiser = torch.optim.AdamW(
        [{"params": added, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.05
    )
    steps = epochs * math.ceil(len(samples) / BATCH) + 5
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [RATE, HEAD_RATE], total_steps=steps, pct_start=0.1)
    kinds = Counter(one.why for one in samples)
    weights = torch.tensor([math.sqrt(len(samples) / len(WHYS) / max(kinds[why], 1)) for why in WHYS])
    hollow = sum(one.sound for one in samples) / max(1, sum(not one.sound for one in samples))
    for epoch in range(epochs):
        model.train()
        random.shuffle(samples)
        near = [
            one
            for start in range(0, len(samples), 256)
            for one in sorted(samples[start : start + 256], key=lambda s: len(s.ids))
        ]
        batches = [near[start : start + BATCH] for start in range(0, len(near), BATCH)]
        random.shuffle(batches)
        total = 0.0
        for some in batches:
            loss = loss_of(model, some, batch(some, mean, spread), weights, hollow)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*added, *heads], 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {epochs}: loss {total / len(batches):.3f}", flush=True)
    return model.eval()


def learn(samples: list[Sample], epochs: int) -> dict[str, Any]:
    """Everything learned.npz holds."""
    counts = np.stack([one.counts for one in samples])
    mean, spread = counts.mean(0), counts.std(0) + 1e-6
    features = np.hstack([0.3 * (counts - mean) / spread, 3 * np.stack([one.hash for one in samples])])
    kinds = np.array([WHYS.index(one.why) for one in samples])
    counting = LogisticRegression(C=1.0, max_iter=300, class_weight="balanced").fit(features, kinds)
    assert list(counting.classes_) == list(range(len(WHYS)))
    model = train_reader(list(samples), epochs, mean, spread)
    learned: dict[str, Any] = {"mean": mean, "spread": spread}
    learned |= {"counts.weight": counting.coef_, "counts.bias": counting.intercept_}
    for name, head in (("why", model.why), ("concept", model.concept), ("belief", model.belief)):
        learned |= {f"{name}.weight": head.weight.detach().numpy(), f"{name}.bias": head.bias.detach().numpy()}
    for name, one in model.adapters.items():
        learned |= {f"adapter.{name}.a": one.a.detach().numpy(), f"adapter.{name}.b": one.b.detach().numpy()}
    assert len(model.adapters) == LAYERS * len(MATRICES)
    learned = {name: part.astype(np.float32 if part.size < 100 else np.float16) for name, part in learned.items()}
    learned["concept_names"] = np.array(["/".join(one) for one in CONCEPTS])
    learned["belief_names"] = np.array(["/".join(one) for one in BELIEFS])
    return learned


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--without", default="", help="names of files to keep out, comma-separated")
    parser.add_argument("--out", type=Path, default=ROOT / "tutor" / "judge" / "learned.npz")
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)
    encoder, without = Encoder({}), set(filter(None, given.without.split(",")))
    samples = [
        Sample(json.loads(line), file.stem, encoder)
        for file in sorted(MESSAGES.glob("*.jsonl"))
        if file.stem not in without
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    print(f"{len(samples)} messages, {sum(one.sound for one in samples)} of them substantive", flush=True)
    np.savez_compressed(given.out, **learn(samples, given.epochs))
    print(f"{given.out}: {given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
