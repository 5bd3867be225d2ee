"""A transformers model behind the `Model` seam: what it is asked is scored or written, and what fails is told.

A model that cannot work on a prefix tree (recurrent ones, say) is found out by a check when it is opened, and works
row by row instead.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Collection, Iterator, Sequence

import numpy as np
import torch
import transformers

from engine.errors import Unsupported
from engine.harness.config import Decoding
from engine.harness.prompt import Asked
from engine.models.interface import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models.local import prefix_tree
from engine.models.local.batching import Line, plan_batches
from engine.models.local.encoder import Encoder
from engine.models.local.lean import lean
from engine.models.local.scoring import RowScorer, TreeScorer
from engine.models.local.streaming import Streamer
from engine.models.local.weights import open_weights
from engine.models.local.writing import NO_TOKEN, Writer, write_in_rows, write_over_trees
from engine.models.registry import ModelCard

DEFAULT_MAX_LENGTH = 2048  # lm-eval's, for models that do not say
TREE_TOLERANCE = 1e-3  # what lm-eval's own batching moves a sum by, generously; float32
MEBIBYTE = 1 << 20
SMALLEST_BUDGET = 64
UNFINISHED = "\ufffd"
"""What the bytes of a character decode to while some of them are still to come."""
_PROBE = (
    ("A prefix tree", (" computes what is shared", " is a forest", " once")),
    ("A prefix of another kind", (" of tree", " altogether")),
)


def open_local(card: ModelCard, device: str, dtype: str = "auto") -> LocalModel:
    """Loads the weights (seconds; tens of seconds on the first use of a GGUF) and checks the model.

    card    the model, as `engine.models.find` gives it
    device  cpu, cuda or mps
    dtype   float32, bfloat16 or float16; auto is bfloat16 on a CUDA device that has it, float16 on one that has not,
            and float32 elsewhere

    Raises:
        NoSource, CorruptWeights: see `weights.open_weights`.
        Unsupported: torch here cannot use the device, the precision is unknown, or the model is no causal LM.
    """
    usable = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not usable.get(device, False):
        raise Unsupported(f"This build of torch ({torch.__version__}) cannot use {device!r}. Use --device cpu.")
    return LocalModel(card, device, _precision(dtype, device))


def _precision(dtype: str, device: str) -> torch.dtype:
    """auto never trades numbers for speed silently: bfloat16 flips about one prediction in 14 on a CPU."""
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype == "auto":
        if device != "cuda":
            return torch.float32
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if dtype not in known:
        raise Unsupported(f"There is no precision {dtype!r}. Use auto, {', '.join(known)}.")
    return known[dtype]


class LocalModel:
    """See `engine.models.interface.Model`.

    `budget` is the number of distinct tokens computed at a time, `max_rows` how many of them may ask for logits, which
    are as wide as the vocabulary, and `rows_at_once` how many texts are written side by side. What does not fit into
    memory is halved, and the halves are kept to.
    """

    def __init__(self, card: ModelCard, device: str, dtype: torch.dtype) -> None:
        self.notices: list[str] = []
        self.tokenizer, model, version = open_weights(card, dtype, self.notices)
        self.model = model.to(device)
        self.device = device
        self.dtype = dtype
        if device == "cpu" and dtype == torch.float32:
            lean(self.model)
        self.vocabulary = model.config.get_text_config().vocab_size
        words = max(self.vocabulary, len(self.tokenizer))
        self.encoder = Encoder(self.tokenizer, words, self._max_length())
        cuda = device == "cuda"
        self.max_rows = (800_000_000 if cuda else 40_000_000) // self.vocabulary
        self.rows_at_once = 128 if cuda else 16
        self.writing_memory = (16_384 if cuda else 512) * MEBIBYTE
        self.rows = RowScorer(self.model, self.model.config._attn_implementation, 64 if cuda else 8)
        self.tree = TreeScorer(self.model, 8192 if cuda else 768, 8_192 * MEBIBYTE if cuda else 0)
        self.uses_tree = self._tree_agrees_with_rows()
        self._streamer = Streamer(self.tree)
        self.environment = {
            "weights": version,
            "device": torch.cuda.get_device_name() if cuda else f"{device} ({_processor()})",
            "threads": str(torch.get_num_threads()),
            "dtype": str(dtype).removeprefix("torch."),
            "scoring": "prefix tree" if self.uses_tree else "row by row",
            "torch": torch.__version__,
            "transformers": transformers.__version__,
        }

    def _max_length(self) -> int:
        """As lm-eval resolves it: the (text) config, then the tokenizer, then 2,048."""
        for config in (getattr(self.model.config, "text_config", None), self.model.config):
            for name in ("n_positions", "max_position_embeddings", "n_ctx"):
                if length := getattr(config, name, None):
                    return int(length)
        told = self.tokenizer.model_max_length
        return int(told) if told < 1e29 else DEFAULT_MAX_LENGTH

    # Ranking

    def rank(self, items: Sequence[Ranking], skip: Collection[str] = ()) -> Iterator[list[Logliks | Trouble]]:
        if all(item.item_id in skip for item in items):
            return
        lines = self.encoder.lines(items)
        asked = [i for i, each in enumerate(lines) if all(line.scored for line in each)]
        if mute := [item for i, item in enumerate(items) if i not in asked and item.item_id not in skip]:
            message = "a choice adds no token to its question: there is nothing to score"
            yield [Trouble(item_id=item.item_id, reason="error", message=message) for item in mute]
        alone = self._alone([items[i] for i in asked])
        for group in plan_batches([lines[i] for i in asked], self.tree.budget, self.max_rows):
            for batch in ([asked[at] for at in places] for places in group.batches):
                if all(items[i].item_id in skip for i in batch):
                    continue
                started = time.perf_counter()
                sums = self._sums_or_halves([lines[i] for i in batch], group.prefix)
                share = (time.perf_counter() - started) / len(batch)
                yield [
                    self._outcome(items[i], lines[i], scored, alone, share)
                    for i, scored in zip(batch, sums, strict=True)
                    if items[i].item_id not in skip
                ]

    def _outcome(
        self,
        item: Ranking,
        lines: list[Line],
        sums: tuple[float, ...] | None,
        alone: dict[str, float],
        seconds: float,
    ) -> Logliks | Trouble:
        if sums is None:
            longest = max(len(line.read) for line in lines) + 1
            message = f"{longest:,} tokens did not fit into memory even alone"
            return Trouble(item_id=item.item_id, reason="out_of_memory", message=message)
        unasked = tuple(alone[choice] for _, choice in item.pairs) if item.unconditional else ()
        if not np.isfinite((*sums, *unasked)).all():
            message = f"the model's log-likelihoods are not finite ({self.environment['dtype']})"
            return Trouble(item_id=item.item_id, reason="error", message=message)
        return Logliks(
            item_id=item.item_id,
            sums=sums,
            scored=tuple(line.scored for line in lines),
            unconditional=unasked,
            tokens=prefix_tree.size([line.read for line in lines]),
            truncated_tokens=max(line.truncated_tokens for line in lines),
            seconds=seconds,
        )

    def _alone(self, items: Sequence[Ranking]) -> dict[str, float]:
        """The log-likelihood of each choice after nothing, for the items that want it; equal choices once."""
        choices = sorted({choice for item in items if item.unconditional for _, choice in item.pairs})
        lines = [[self.encoder.after_nothing(choice)] for choice in choices]
        sums: dict[str, float] = {}
        for group in plan_batches(lines, self.tree.budget, self.max_rows):
            for batch in group.batches:
                scored = self._sums_or_halves([lines[i] for i in batch], group.prefix)
                sums |= {
                    choices[i]: found[0] if found else float("nan") for i, found in zip(batch, scored, strict=True)
                }
        return sums

    # Memory

    def _sums_or_halves(self, batch: list[list[Line]], prefix: tuple[int, ...]) -> list[tuple[float, ...] | None]:
        """The sums of each item's choices; a batch that does not fit into memory is halved until it does."""
        scorer = self.tree if self.uses_tree else self.rows
        try:
            flat = scorer.sums([line for lines in batch for line in lines], prefix)
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        else:
            ends = np.cumsum([len(lines) for lines in batch])
            return [tuple(flat[end - len(lines) : end]) for end, lines in zip(ends, batch, strict=True)]
        self._let_go()
        if len(batch) == 1 and (not prefix or self.tree.budget <= SMALLEST_BUDGET):
            return [None]
        self.tree.budget = max(SMALLEST_BUDGET, self.tree.budget // 2)
        self.notices.append(
            f"A batch of {len(batch)} items did not fit into memory; going on with halves of it "
            f"({self.tree.budget} tokens at a time)."
        )
        middle = -(-len(batch) // 2)
        return self._sums_or_halves(batch[:middle], prefix) + (
            self._sums_or_halves(batch[middle:], prefix) if batch[middle:] else []
        )

    def _let_go(self) -> None:
        self.tree.forget()
        if self.device == "cuda":
            torch.cuda.empty_cache()

    def _tree_agrees_with_rows(self) -> bool:
        """Whether this architecture takes a tree: two made-up questions scored three ways."""
        rope = getattr(self.model.config.get_text_config(), "rope_parameters", None) or {}
        if any(told.get("rope_type") == "longrope" for told in (rope, *rope.values()) if isinstance(told, dict)):
            return False  # turns every position otherwise once a pass has a long text in it, and the probe is short
        asked = [
            Ranking(item_id="", pairs=tuple((context, choice) for choice in choices)) for context, choices in _PROBE
        ]
        lines = self.encoder.lines(asked)
        flat = [line for each in lines for line in each]
        rows = self.rows.sums(flat)
        prefix = lines[0][0].read[: min(len(line.read) - line.scored for line in lines[0])]
        try:
            tree = self.tree.sums(flat)
            onward = self.tree.sums(lines[0], prefix)
        except (TypeError, ValueError, KeyError, IndexError, RuntimeError, NotImplementedError, AttributeError):
            return False  # the architecture has no such argument; anything it computes wrongly is caught below
        finally:
            self.tree.forget()
        loose = TREE_TOLERANCE if self.dtype == torch.float32 else 500 * TREE_TOLERANCE
        return bool(np.allclose(rows + rows[: len(onward)], tree + onward, atol=loose, rtol=0))

    # Writing

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]:
        most = self.encoder.max_length
        keep = most - decoding.max_tokens
        if keep < 1:
            raise Unsupported(
                f"This model reads {most:,} tokens at most, and {decoding.max_tokens:,} of them are for the "
                "answer: nothing is left for the question. Use a model with a longer context."
            )
        asked = [item for item in items if item.item_id not in skip]
        texts = [self.encoder.text(item.text) for item in asked]
        tokens = self.encoder.tokens(set(texts))
        left = {i: tokens[text][-keep:] for i, text in enumerate(texts)}
        writer = self._writer(decoding)
        started = time.perf_counter()
        while left:
            try:
                for i, new in self._attempt(left, writer):
                    read = len(left.pop(i))
                    now = time.perf_counter()
                    lost = len(tokens[texts[i]]) - read
                    yield [self._completion(asked[i].item_id, writer, new, (read, lost), now - started)]
                    started = now
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
                if trouble := self._give_up_or_halve(asked, left):
                    yield [trouble]

    def stream(self, asked: Asked, max_tokens: int) -> Iterator[str]:
        """The text that follows, in pieces as they are written: whole characters, and nothing of what ends it.

        asked       what the model goes on from; of one that is too long the beginning is not read
        max_tokens  new tokens at most

        Raises:
            Interrupted: nobody wants the answer any more (`engine.models.interruption`).
            Unsupported: no chat template takes this conversation, or the model's numbers are not finite.
        """
        text = self.encoder.text(asked)
        prompt = self.encoder.tokens({text})[text][-(self.encoder.max_length - max_tokens) :]
        writer = self._writer(Decoding(max_tokens=max_tokens, until=()))
        new: list[int] = []
        told = written = ""
        for token in self._tokens(prompt, writer):
            if token == NO_TOKEN:
                raise Unsupported(f"The model's logits are not finite in {self.environment['dtype']}. Use another one.")
            new.append(token)
            written = writer.decode(new)
            if not written.endswith(UNFINISHED) and len(written) > len(told):
                yield written[len(told) :]
                told = written
        if rest := written[len(told) :]:
            yield rest

    def _tokens(self, prompt: tuple[int, ...], writer: Writer) -> Iterator[int]:
        if self.uses_tree:
            return self._streamer.tokens(prompt, writer)
        return iter(next(write_in_rows(self.rows, [prompt], writer)))

    def _writer(self, decoding: Decoding) -> Writer:
        return Writer(decoding, self._ends, lambda new: str(self.tokenizer.decode(new, skip_special_tokens=True)))

    def _attempt(self, left: dict[int, tuple[int, ...]], writer: Writer) -> Iterator[tuple[int, list[int]]]:
        """(index, new tokens) of the prompts that are left, each as it is done."""
        order = sorted(left, key=lambda i: (len(left[i]), i))
        together = len(order) if self.uses_tree and not self._at_its_least else self.rows_at_once
        for start in range(0, len(order), together):
            part = order[start : start + together]
            prompts = [left[i] for i in part]
            if self.uses_tree:
                written = write_over_trees(self.tree, prompts, writer, self.writing_memory, self.rows_at_once)
                yield from ((part[at], new) for at, new in written)
            else:
                yield from zip(part, write_in_rows(self.rows, prompts, writer), strict=True)

    @property
    def _at_its_least(self) -> bool:
        return self.rows_at_once == 1 and (self.tree.budget <= SMALLEST_BUDGET or not self.uses_tree)

    def _give_up_or_halve(self, asked: Sequence[Prompt], left: dict[int, tuple[int, ...]]) -> Trouble | None:
        """After memory ran out: half as much at a time, or, where that cannot be, without the text that was at hand."""
        self._let_go()
        if not self._at_its_least:
            self.rows_at_once = max(1, self.rows_at_once // 2)
            self.writing_memory //= 2
            self.tree.budget = max(SMALLEST_BUDGET, self.tree.budget // 2)
            self.notices.append(
                f"The texts at hand did not fit into memory; going on with {self.rows_at_once} at a time."
            )
            return None
        at_hand = min(left, key=lambda i: (len(left[i]), i))
        message = f"a text of {len(left.pop(at_hand)):,} tokens and its answer did not fit into memory even alone"
        return Trouble(item_id=asked[at_hand].item_id, reason="out_of_memory", message=message)

    def _completion(
        self, item_id: str, writer: Writer, new: list[int], read: tuple[int, int], seconds: float
    ) -> Completion | Trouble:
        if new[-1] == NO_TOKEN:
            message = f"the model's logits are not finite ({self.environment['dtype']})"
            return Trouble(item_id=item_id, reason="error", message=message)
        ended = bool(self._ends & set(new))
        text = writer.decode(new)
        cut = writer.decoding.end(text)
        return Completion(
            item_id=item_id,
            text=text[:cut],
            truncated=not ended and cut is None and len(new) >= writer.decoding.max_tokens,
            tokens=read[0] + len(new),
            truncated_tokens=read[1],
            seconds=seconds,
        )

    @property
    def _ends(self) -> set[int]:
        told = self.model.generation_config.eos_token_id
        ends = set(told if isinstance(told, list) else [told])
        return {end for end in ends | {self.tokenizer.eos_token_id} if end is not None}


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    text = str(error)
    return "out of memory" in text or "can't allocate memory" in text or "not enough memory" in text


def _processor() -> str:
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
