"""One side of measurements/speed.py: a process that opens a model and scores or writes what it is told to.

    python measurements/speed_worker.py ours|lm-eval

Orders come as JSON lines on standard input, an answer goes back for each; whatever else a library prints goes to
standard error. The lm-eval side needs lm-eval 0.4.13 with its dependencies and nothing of this product, so it may run
in an interpreter of its own. Both sides count tokens by the same hook on the model, and time the same thing: from
strings to log-likelihoods or texts, tokens made and all, without start-up, loading or the making of prompts.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
SHAPES = {  # hidden size, feed-forward size, layers, heads, heads of keys and values, embeddings tied
    "10M": (128, 384, 4, 4, 2, True),
    "1B": (2048, 8192, 16, 32, 8, True),
    "3B": (3072, 8192, 28, 24, 8, True),
    "8B": (4096, 14336, 32, 32, 8, False),
}
"""Llama-architecture models by the sizes of Llama 3; speed does not depend on what the weights are."""
Order = dict[str, Any]


class Counter:
    """Places in all forward passes, padding included, counted where the model itself is called."""

    def __init__(self, model: Any) -> None:
        self.positions = 0
        model.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.positions += (args[0] if args else kwargs["input_ids"]).numel()


class Ours:
    """The product's own local model."""

    def __init__(self, order: Order) -> None:
        sys.path.insert(0, str(ROOT))
        import torch

        from engine import models
        from engine.models.local import open_local
        from engine.models.local.weights import converted

        device = order["device"] if order["device"] != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        card = models.find(order["model"])
        self.folder = str(converted(card, torch.float32, [])[0]) if card.kind in ("pack", "gguf") else card.location
        if order["synthetic"]:
            dtype = order["dtype"] if order["dtype"] != "auto" else "bfloat16" if device == "cuda" else "float32"
            tokenizer, model = synthetic(order["synthetic"], self.folder, device, dtype)
            with mock.patch(
                "engine.models.local.model.open_weights", return_value=(tokenizer, model, order["synthetic"])
            ):
                self.local = open_local(card, device, dtype)
        else:
            self.local = open_local(card, device, order["dtype"])
        self.model = self.local.model
        self.counter = Counter(self.model)

    def facts(self) -> dict[str, Any]:
        model, environment = self.model, self.local.environment
        both = (model.get_input_embeddings(), model.get_output_embeddings())
        tables = {id(table.weight): table.weight.numel() for table in both}
        parameters = sum(weight.numel() for weight in model.parameters())
        return {
            **environment,
            "folder": self.folder,
            "device": self.local.device,
            "machine": environment["device"],
            "vocabulary": self.local.vocabulary,
            "parameters": parameters,
            "body": parameters - sum(tables.values()),
            "row": self.local.vocabulary * model.config.get_text_config().hidden_size,
        }

    def take(self, order: Order) -> dict[str, Any]:
        """Requests to be worked on, and what they need at least."""
        from engine.models.interface import Prompt, Ranking

        self.decoding = order["decoding"]
        if self.decoding:
            self.items = [Prompt(item_id=str(i), text=text) for i, text in enumerate(order["requests"])]
            tokens = self.local.encoder.tokens({item.text for item in self.items})
            self.reads = [[tokens[item.text]] for item in self.items]
            return self._needs(self.reads, set()) | {"costs": [len(read) for (read,) in self.reads]}
        self.items = [Ranking(item_id=str(i), pairs=tuple(map(tuple, p))) for i, p in enumerate(order["requests"])]
        lines = self.local.encoder.lines(self.items)
        reads = [[line.read for line in each] for each in lines]
        asked = {
            hash(line.read[:end])
            for each in lines
            for line in each
            for end in range(len(line.read) - line.scored + 1, len(line.read) + 1)
        }
        return self._needs(reads, asked) | {"costs": [sum(map(len, set(each))) for each in reads]}

    def _needs(self, reads: Sequence[Sequence[tuple[int, ...]]], asked: set[int]) -> dict[str, Any]:
        flat = [read for each in reads for read in each]
        tokens, attention = self._forest(flat)
        return {
            "request tokens": sum(map(len, flat)),
            "longest": max(map(len, flat)),
            "needed": tokens,
            "asked": len(asked),
            "attention": attention,
        }

    def _forest(self, reads: Sequence[tuple[int, ...]]) -> tuple[int, int]:
        """Distinct tokens of a prefix forest, and the operations of their attention over all layers."""
        from engine.models.local.prefix_tree import common_prefix

        spans, previous = [], ()
        for read in sorted(reads):
            spans.append((common_prefix(previous, read), len(read)))
            previous = read
        return sum(end - start for start, end in spans), self._attention(spans)

    def _attention(self, spans: Sequence[tuple[int, int]]) -> int:
        config = self.model.config.get_text_config()
        heads = config.num_attention_heads
        d = getattr(config, "head_dim", None) or config.hidden_size // heads
        kinds = getattr(config, "layer_types", None) or ["full_attention"] * config.num_hidden_layers
        windows = [config.sliding_window if kind == "sliding_attention" else None for kind in kinds]
        keys = {window: sum(visible(start, end, window) for start, end in spans) for window in set(windows)}
        return 4 * heads * d * sum(keys[window] for window in windows)

    def run(self, order: Order) -> dict[str, Any]:
        from engine.harness.config import Decoding
        from engine.models.interface import Trouble

        items = [self.items[i] for i in order["items"]]
        self.local.tree.forget()  # what an earlier run kept would be a present
        found: dict[str, Any] = {}
        started = time.perf_counter()
        if self.decoding:
            decoding = Decoding(max_tokens=order["max_tokens"], until=tuple(self.decoding["until"]))
            done = [one for batch in self.local.write(items, decoding) for one in batch]
        else:
            size = order["block"] or len(items)
            blocks = [items[start : start + size] for start in range(0, len(items), size)]
            done = [one for block in blocks for batch in self.local.rank(block) for one in batch]
        seconds = time.perf_counter() - started
        for one in done:
            if isinstance(one, Trouble):
                raise RuntimeError(f"item {one.item_id}: {one.message}")
            found[one.item_id] = one.text if self.decoding else one.sums
        answer = {"seconds": seconds, "values": [found[item.item_id] for item in items], "notices": self.local.notices}
        return answer | (self._written(done) if self.decoding else {})

    def _written(self, done: Sequence[Any]) -> dict[str, Any]:
        """What writing these texts needs: the prompts' forest, and every new token but the last read once."""
        prompts = {one.item_id: self.reads[int(one.item_id)][0] for one in done}
        tokens, attention = self._forest(list(prompts.values()))
        new = sum(one.tokens - len(prompts[one.item_id]) for one in done)
        attention += self._attention([(len(prompts[one.item_id]), one.tokens - 1) for one in done])
        read = sum(map(len, prompts.values()))
        return {"request tokens": read + new, "needed": tokens + new - len(done), "asked": new, "attention": attention}

    def matmul(self, order: Order) -> dict[str, Any]:
        """Operations a second of one large matrix product here, several times."""
        import torch

        n, times = (8192, 12) if self.local.device == "cuda" else (2048, 6)
        left, right = (torch.randn(n, n, device=self.local.device).to(self.local.dtype) for _ in range(2))
        rates = []
        for _ in range(times):
            _synchronise(self.local.device)
            started = time.perf_counter()
            left @ right
            _synchronise(self.local.device)
            rates.append(2 * n**3 / (time.perf_counter() - started))
        return {"rates": rates[1:]}


class LmEval:
    """lm-eval's hf backend, with everything at its defaults but the batch size."""

    def __init__(self, order: Order) -> None:
        from lm_eval.models.huggingface import HFLM

        if order["synthetic"]:
            tokenizer, model = synthetic(order["synthetic"], order["folder"], order["device"], order["dtype"])
            self.lm = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=1)
        else:
            self.lm = HFLM(pretrained=order["folder"], device=order["device"], dtype=order["dtype"], batch_size=1)
        self.model = self.lm.model
        self.counter = Counter(self.model)

    def facts(self) -> dict[str, Any]:
        import torch

        versions = {name: importlib.metadata.version(name) for name in ("lm_eval", "torch", "transformers")}
        return {
            **versions,
            "threads": str(torch.get_num_threads()),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "logits_cache": self.lm.logits_cache,
        }

    def take(self, order: Order) -> dict[str, Any]:
        self.requests, self.decoding = order["requests"], order["decoding"]
        return {}

    def run(self, order: Order) -> dict[str, Any]:
        from lm_eval.api.instance import Instance

        self.lm.batch_size_per_gpu = order["batch"]
        chosen = [self.requests[i] for i in order["items"]]
        if self.decoding:
            how = {
                "until": self.decoding["until"],
                "do_sample": False,
                "temperature": 0.0,
                "max_gen_toks": order["max_tokens"],
            }
            pairs = [(text, dict(how)) for text in chosen]
            kind, work = "generate_until", self.lm.generate_until
        else:
            pairs = [tuple(pair) for pairs in chosen for pair in pairs]
            kind, work = "loglikelihood", self.lm.loglikelihood
        instances = [Instance(request_type=kind, doc={}, arguments=p, idx=i) for i, p in enumerate(pairs)]
        started = time.perf_counter()
        found = work(instances, disable_tqdm=True)
        seconds = time.perf_counter() - started
        if self.decoding:
            return {"seconds": seconds, "values": found}
        sums = iter(total for total, _ in found)
        return {"seconds": seconds, "values": [[next(sums) for _ in pairs] for pairs in chosen]}


def visible(start: int, end: int, window: int | None) -> int:
    """Keys that the tokens at places start to end - 1 of a text see together, each itself and those before it."""
    if end <= start:
        return 0
    if window is None or end <= window:
        return (start + 1 + end) * (end - start) // 2
    inside = min(max(start, window), end)
    return visible(start, inside, None) + (end - inside) * window


def synthetic(size: str, folder: str, device: str, dtype: str) -> tuple[Any, Any]:
    """Tokenizer of the folder and a Llama of that size with random weights, made on the device from a fixed seed."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    hidden, inner, layers, heads, kv_heads, tied = SHAPES[size]
    config = LlamaConfig(
        vocab_size=-(-len(tokenizer) // 64) * 64,
        hidden_size=hidden,
        intermediate_size=inner,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=hidden // heads,
        tie_word_embeddings=tied,
        max_position_embeddings=8192,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    torch.manual_seed(20261120)
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            model = LlamaForCausalLM(config)
    finally:
        torch.set_default_dtype(before)
    return tokenizer, model.eval()


def _synchronise(device: str) -> None:
    import torch

    if device == "cuda":
        torch.cuda.synchronize()


def peak() -> float:
    """MiB at most since `take`: what the graphics card lent to tensors, or else this process's resident memory."""
    import torch

    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated() / (1 << 20)
    for line in Path("/proc/self/status").read_text().splitlines() if platform.system() == "Linux" else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def answer(side: Any, order: Order) -> dict[str, Any]:
    import torch

    cuda = torch.cuda.is_available()
    if order["do"] == "take" and cuda:
        torch.cuda.reset_peak_memory_stats()
    if order["do"] == "take" and platform.system() == "Linux":
        Path("/proc/self/clear_refs").write_text("5")
    before = side.counter.positions
    try:
        found: dict[str, Any] = getattr(side, order["do"])(order)
    except (torch.OutOfMemoryError, MemoryError) as error:
        found = {"error": f"out of memory: {str(error)[:200]}"}
    if cuda:
        torch.cuda.empty_cache()  # the other side is on the same card
    return found | {"positions": side.counter.positions - before, "peak": peak()}


def main() -> None:
    kind = {"ours": Ours, "lm-eval": LmEval}[sys.argv[1]]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    side: Any = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "open":
                side = kind(order)
                found = side.facts() | {"peak MiB to open": peak()}
            else:
                found = answer(side, order)
        except Exception as error:  # told to whoever gave the order, who goes on with something else
            traceback.print_exc()
            found = {"error": f"{type(error).__name__}: {str(error)[:300]}"}
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
