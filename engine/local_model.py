"""A transformers model behind the `Model` seam: ranking over prefix trees, greedy writing in batches.

Numbers are those of lm-evaluation-harness 0.4.13's hf backend: same tokens, same truncation, same sums
within float32 rounding. What differs is what is computed: shared prefixes once, and logits only where a
choice's tokens are predicted. A model that cannot work on a tree (recurrent ones, say) is found out by a
check when it is opened and scored row by row instead.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import transformers

from engine import prefix_tree
from engine.battle import Decoding
from engine.errors import Unsupported
from engine.model import Completion, Logliks, Prompt, Ranking, Trouble
from engine.models import ModelCard
from engine.weights import open_weights

DEFAULT_MAX_LENGTH = 2048  # lm-eval's, for models that do not say
TREE_TOLERANCE = 1e-3  # what lm-eval's own batching moves a sum by, generously; float32
_PROBE = (
    ("A prefix tree", (" computes what is shared", " is a forest", " once")),
    ("A prefix of another kind", (" of tree", " altogether")),
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One choice as tokens: the model reads `tokens[:-1]` and is asked for the last `scored` of `tokens`."""

    item: int
    tokens: tuple[int, ...]
    scored: int

    @property
    def read(self) -> tuple[int, ...]:
        return self.tokens[:-1]


def open_local(card: ModelCard, device: str, dtype: str = "auto") -> LocalModel:
    """Loads the weights (seconds; tens of seconds on the first use of a GGUF) and checks the model.

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
    """See `engine.model.Model`.

    `budget` is the number of distinct tokens computed at a time; `max_rows` how many of them may ask for
    logits, which are as wide as the vocabulary (305 rows of Gemma's 262,144 in float32 are 320 MB).
    """

    def __init__(self, card: ModelCard, device: str, dtype: torch.dtype) -> None:
        self.tokenizer, model, version = open_weights(card, dtype)
        self.model = model.to(device)
        self.device = device
        self.dtype = dtype
        self.budget = 4096 if device == "cuda" else 512
        self.max_rows = (800_000_000 if device == "cuda" else 80_000_000) // model.config.get_text_config().vocab_size
        self.rows_at_once = 64 if device == "cuda" else 8
        self.notices: list[str] = []
        self.max_length = self._max_length()
        self.uses_tree = True
        self.uses_tree = self._tree_agrees_with_rows()
        self.environment = {
            "weights": version,
            "device": torch.cuda.get_device_name() if device == "cuda" else f"{device} ({_processor()})",
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
        lines = [[self._encode(i, *pair) for pair in item.pairs] for i, item in enumerate(items)]
        for pack in self._packs(lines):
            if all(items[i].item_id in skip for i in pack):
                continue
            started = time.perf_counter()
            sums = self._sums_or_halves([lines[i] for i in pack])
            share = (time.perf_counter() - started) / len(pack)
            yield [
                self._outcome(items[i].item_id, lines[i], scored, share)
                for i, scored in zip(pack, sums, strict=True)
                if items[i].item_id not in skip
            ]

    def _outcome(
        self, item_id: str, lines: list[_Line], sums: tuple[float, ...] | None, seconds: float
    ) -> Logliks | Trouble:
        if sums is None:
            longest = max(len(line.tokens) for line in lines)
            message = f"{longest:,} tokens did not fit into memory even alone"
            return Trouble(item_id=item_id, reason="out_of_memory", message=message)
        if not np.isfinite(sums).all():
            message = f"the model's log-likelihoods are not finite ({self.environment['dtype']})"
            return Trouble(item_id=item_id, reason="error", message=message)
        tokens = prefix_tree.size([line.read for line in lines])
        return Logliks(item_id=item_id, sums=sums, tokens=tokens, seconds=seconds)

    def _tokens(self, text: str) -> list[int]:
        """As lm-eval: the tokenizer's own BOS habit, unless the text begins with BOS already."""
        bos = self.tokenizer.bos_token
        if bos and text.startswith(bos):
            return list(self.tokenizer.encode(text, add_special_tokens=False))
        return list(self.tokenizer.encode(text))

    def _encode(self, item: int, context: str, continuation: str) -> _Line:
        """Context and continuation as one text, so that tokens form across the seam as they would in use."""
        if not context:
            first = self.tokenizer.bos_token_id
            start = [self.tokenizer.eos_token_id if first is None else first]
            whole = start + list(self.tokenizer.encode(continuation, add_special_tokens=False))
            return self._line(item, whole, len(whole) - 1)
        bare = context.rstrip()
        whole = self._tokens(context + continuation)
        return self._line(item, whole, len(whole) - len(self._tokens(bare)))

    def _line(self, item: int, whole: list[int], scored: int) -> _Line:
        kept = tuple(whole[-(self.max_length + 1) :])
        return _Line(item, kept, min(scored, len(kept) - 1))

    def _packs(self, lines: Sequence[list[_Line]]) -> Iterator[list[int]]:
        """Items whose trees fill the token budget together; neighbours share the longest prefixes."""
        pack: list[int] = []
        used = rows = 0
        last: Sequence[int] = ()
        for i in sorted(range(len(lines)), key=lambda i: min(line.read for line in lines[i])):
            tokens = prefix_tree.size([line.read for line in lines[i]], after=last)
            wanted = sum(line.scored for line in lines[i])
            if pack and (used + tokens > self.budget or rows + wanted > self.max_rows):
                yield pack
                pack, used, rows = [], 0, 0
                tokens = prefix_tree.size([line.read for line in lines[i]])
            pack.append(i)
            used, rows = used + tokens, rows + wanted
            last = max(line.read for line in lines[i])
        if pack:
            yield pack

    def _sums_or_halves(self, pack: list[list[_Line]]) -> list[tuple[float, ...] | None]:
        """The sums of each item's choices; a pack that does not fit into memory is halved until it does."""
        try:
            flat = self._sums([line for lines in pack for line in lines])
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            if len(pack) == 1:
                return [None]
        else:
            ends = np.cumsum([len(lines) for lines in pack])
            return [tuple(flat[end - len(lines) : end]) for end, lines in zip(ends, pack, strict=True)]
        if self.device == "cuda":
            torch.cuda.empty_cache()
        self.budget = max(64, self.budget // 2)
        self.notices.append(
            f"A batch of {len(pack)} items did not fit into memory; going on with halves of it "
            f"({self.budget} tokens at a time)."
        )
        middle = len(pack) // 2
        return self._sums_or_halves(pack[:middle]) + self._sums_or_halves(pack[middle:])

    def _sums(self, lines: list[_Line]) -> list[float]:
        """Summed log-likelihood of each line's scored tokens."""
        return self._sums_over_tree(lines) if self.uses_tree else self._sums_over_rows(lines)

    @torch.inference_mode()
    def _sums_over_tree(self, lines: list[_Line]) -> list[float]:
        tree = prefix_tree.flatten([line.read for line in lines])
        asked = [path[-line.scored :] for path, line in zip(tree.paths, lines, strict=True)]
        needed, row_of = np.unique(np.concatenate(asked), return_inverse=True)
        logits = self.model(
            input_ids=self._tensor(tree.tokens[None]),
            attention_mask=self._masks(tree),
            position_ids=self._tensor(tree.positions[None]),
            logits_to_keep=self._tensor(needed),
            use_cache=False,
        ).logits[0]
        targets = np.concatenate([line.tokens[-line.scored :] for line in lines])
        # log_softmax as lm-eval calls it: over 262,144 words its float32 sum is off by up to 0.0013 a choice, and
        # logsumexp by a tenth of that, but a number is comparable when it was made the same way (docs/LOG.md).
        logprobs = logits.log_softmax(-1)[row_of, targets]
        return _sum_up(logprobs, lines)

    def _masks(self, tree: prefix_tree.PrefixTree) -> Any:
        """(1, 1, L, L) additive masks; one for each kind of layer where a model mixes kinds."""
        sees = torch.from_numpy(tree.sees).to(self.device)
        kinds = set(getattr(self.model.config, "layer_types", None) or ())
        if kinds <= {"full_attention"}:
            return self._additive(sees)
        position = self._tensor(tree.positions)
        near = position[:, None] - position[None, :] < self.model.config.sliding_window
        masks = {"full_attention": self._additive(sees), "sliding_attention": self._additive(sees & near)}
        return masks if len(kinds) > 1 else masks["sliding_attention"]

    def _additive(self, sees: torch.Tensor) -> torch.Tensor:
        return torch.zeros(sees.shape, dtype=self.dtype, device=self.device).masked_fill_(
            ~sees, torch.finfo(self.dtype).min
        )[None, None]

    @torch.inference_mode()
    def _sums_over_rows(self, lines: list[_Line]) -> list[float]:
        """One row a choice, padded on the right: no sharing, and no assumption about the architecture."""
        sums = [0.0] * len(lines)
        order = sorted(range(len(lines)), key=lambda i: -len(lines[i].read))
        for start in range(0, len(order), self.rows_at_once):
            batch = order[start : start + self.rows_at_once]
            width = len(lines[batch[0]].read)
            tokens = np.zeros((len(batch), width), np.int64)
            real = np.zeros((len(batch), width), np.int64)
            for row, i in enumerate(batch):
                tokens[row, : len(lines[i].read)] = lines[i].read
                real[row, : len(lines[i].read)] = 1
            logits = self.model(input_ids=self._tensor(tokens), attention_mask=self._tensor(real)).logits
            for row, i in enumerate(batch):
                end = len(lines[i].read)
                scored = logits[row, end - lines[i].scored : end]
                targets = np.array(lines[i].tokens[-lines[i].scored :])
                sums[i] = _sum_up(scored.log_softmax(-1)[np.arange(len(targets)), targets], [lines[i]])[0]
        return sums

    def _tree_agrees_with_rows(self) -> bool:
        """Whether this architecture takes a tree: two made-up questions scored both ways."""
        lines = [self._encode(i, context, choice) for i, (context, choices) in enumerate(_PROBE) for choice in choices]
        rows = self._sums_over_rows(lines)
        try:
            tree = self._sums_over_tree(lines)
        except (TypeError, ValueError, KeyError, IndexError, RuntimeError, NotImplementedError, AttributeError):
            return False  # the architecture has no such argument; anything it computes wrongly is caught below
        loose = 1.0 if self.dtype == torch.float32 else 500.0
        return bool(np.allclose(rows, tree, atol=TREE_TOLERANCE * loose, rtol=0))

    def _tensor(self, array: Any) -> torch.Tensor:
        return torch.as_tensor(array, device=self.device)

    # Writing

    def write(
        self, items: Sequence[Prompt], decoding: Decoding, skip: Collection[str] = ()
    ) -> Iterator[list[Completion | Trouble]]:
        keep = self.max_length - decoding.max_tokens
        prompts = [self._tokens(item.text)[-keep:] for item in items]
        order = sorted(range(len(items)), key=lambda i: (len(prompts[i]), i))
        for start in range(0, len(order), self.rows_at_once):
            batch = order[start : start + self.rows_at_once]
            if all(items[i].item_id in skip for i in batch):
                continue
            started = time.perf_counter()
            texts = self._write_or_halves([prompts[i] for i in batch], decoding)
            share = (time.perf_counter() - started) / len(batch)
            yield [
                self._completion(items[i].item_id, text, decoding, len(prompts[i]), share)
                for i, text in zip(batch, texts, strict=True)
                if items[i].item_id not in skip
            ]

    def _completion(
        self, item_id: str, new: list[int] | None, decoding: Decoding, read: int, seconds: float
    ) -> Completion | Trouble:
        if new is None:
            return Trouble(item_id=item_id, reason="out_of_memory", message=f"{read:,} tokens did not fit")
        ended = bool(self._ends & set(new))
        text = self.tokenizer.decode(new, skip_special_tokens=True)
        cut = min((at for stop in decoding.until if stop and (at := text.find(stop)) >= 0), default=None)
        return Completion(
            item_id=item_id,
            text=text[:cut],
            truncated=not ended and cut is None and len(new) >= decoding.max_tokens,
            tokens=read + len(new),
            seconds=seconds,
        )

    @property
    def _ends(self) -> set[int]:
        told = self.model.generation_config.eos_token_id
        ends = set(told if isinstance(told, list) else [told])
        return {end for end in ends | {self.tokenizer.eos_token_id} if end is not None}

    def _write_or_halves(self, prompts: list[list[int]], decoding: Decoding) -> list[list[int] | None]:
        try:
            return list(self._write(prompts, decoding))
        except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
        if len(prompts) == 1:
            return [None]
        self.rows_at_once = max(1, self.rows_at_once // 2)
        self.notices.append(f"{len(prompts)} texts at a time did not fit into memory; going on with half as many.")
        middle = len(prompts) // 2
        return self._write_or_halves(prompts[:middle], decoding) + self._write_or_halves(prompts[middle:], decoding)

    @torch.inference_mode()
    def _write(self, prompts: list[list[int]], decoding: Decoding) -> Iterator[list[int]]:
        """New tokens of each prompt, greedily, padded on the left so that all end at the same place."""
        width = max(map(len, prompts))
        pad = next(iter(sorted(self._ends)), 0)
        tokens = self._tensor([[pad] * (width - len(p)) + p for p in prompts])
        real = self._tensor([[0] * (width - len(p)) + [1] * len(p) for p in prompts])
        written = self.model.generate(
            input_ids=tokens,
            attention_mask=real,
            generation_config=transformers.GenerationConfig(
                max_new_tokens=decoding.max_tokens,
                do_sample=False,
                eos_token_id=sorted(self._ends) or None,
                pad_token_id=pad,
            ),
            stopping_criteria=[_StopStrings(self.tokenizer, decoding.until, width)],
        )
        for row in written[:, width:].tolist():
            end = next((at + 1 for at, token in enumerate(row) if token in self._ends), len(row))
            yield row[:end]


class _StopStrings(transformers.StoppingCriteria):  # type: ignore[misc]
    """Ends a row as soon as one of the strings is in what it wrote."""

    def __init__(self, tokenizer: Any, until: Sequence[str], prompt_length: int) -> None:
        self.tokenizer = tokenizer
        self.until = [stop for stop in until if stop]
        self.start = prompt_length
        self.tail = max((len(stop) for stop in self.until), default=0) + 4  # a token is at least a character, mostly

    def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
        recent = input_ids[:, max(self.start, input_ids.shape[1] - self.tail) :]
        texts = self.tokenizer.batch_decode(recent, skip_special_tokens=True)
        done = [any(stop in text for stop in self.until) for text in texts]
        return torch.tensor(done, device=input_ids.device)


def _sum_up(logprobs: torch.Tensor, lines: list[_Line]) -> list[float]:
    ends = np.cumsum([line.scored for line in lines])
    return [float(logprobs[end - line.scored : end].sum()) for end, line in zip(ends, lines, strict=True)]


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
