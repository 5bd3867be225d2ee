"""Learns tutor/judge/learned.npz and embeddings.npz from tutor/judge/messages and the labs. About an hour on 2 cores.

    .venv/bin/python scripts/train_judge.py [--without extra,hard] [--out FILE] [--epochs 4]

`--without` keeps files of other writers out of the learning: the honest way to choose anything here. Messages come
under other questions as well: a real answer to a question of another lab is off the topic, and a sentence that fits any
case stays hollow wherever it stands. Needs scikit-learn and torch (requirements-dev.txt); the app needs neither for the
judge.
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

from labs import Expectation, Lab, case_of, load_lab, slugs  # noqa: E402
from tutor import SUBSTANTIVE, WHYS, Message  # noqa: E402
from tutor.judge.local import learning as judge  # noqa: E402

MESSAGES = ROOT / "tutor" / "judge" / "messages"
STATED = MESSAGES / "stated"
RANK, BATCH, RATE, HEAD_RATE = 8, 32, 8e-4, 2e-3
LABS = {slug: load_lab(slug) for slug in slugs()}
CONCEPTS = [(slug, one.id) for slug, lab in LABS.items() for one in lab.concepts]
BELIEFS = [(slug, one.id) for slug, lab in LABS.items() for one in lab.misconceptions]
SOUND = [index for index, why in enumerate(WHYS) if why in SUBSTANTIVE]
SWAPPED, ELSEWHERE, ALONE = 0.35, 3, 0.6  # a swap for so many of the substantive; places a hollow one is put; read alone
Sample = Any
