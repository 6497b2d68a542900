"""What a frame holds on to once all that can go has gone: JavaScript's heap, the DOM, Python's heap."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.phone import Phone

_PYTHON = """async () => {
  const started = async () => {
    const { whenDefined } = await import(`${zorioBoot.assets}pyscript/core.js`);
    return (await whenDefined("py")).interpreter;
  };
  const interpreter = zorioBoot.python ?? (await started()); // by the fast start, or by PyScript
  const counted = interpreter.runPython([
    "import gc",
    "gc.collect()",
    "(sum(len(gc.get_referents(each)) for each in gc.get_objects()),",
    "[type(each).__name__ for each in gc.get_objects()])",
  ].join("\\n"));
  const [references, kinds] = counted.toJs();
  counted.destroy();
  return { kinds, references, memory: interpreter._module.HEAP8.length };
}"""


@dataclass(frozen=True)
class Heap:
    """After a forced collection in both languages."""

    js_bytes: int
    """V8's used heap of the frame's own process (CDP Runtime.getHeapUsage)."""
    nodes: int
    listeners: int
    objects: int
    """Tracked by Python's collector."""
    references: int
    """From those objects to others: lists and dictionaries that grow show here."""
    wasm_bytes: int
    """Python's whole memory; it grows in steps and never shrinks."""
    kinds: Counter[str] = field(repr=False)
    """The objects by the name of their class."""

    def __str__(self) -> str:
        return (
            f"JavaScript {self.js_bytes / 1e6:.2f} MB, {self.nodes} nodes, {self.listeners} listeners; "
            f"Python {self.objects} objects, {self.references} references, {self.wasm_bytes / 1e6:.1f} MB"
        )

    def since(self, before: Heap) -> str:
        """What there is more of, for the one who looks for the reason."""
        more = self.kinds - before.kinds
        return ", ".join(f"+{number} {kind}" for kind, number in more.most_common(8))


def heap_of(phone: Phone) -> Heap:
    """The frame must be in a process of its own, as one of another site is."""
    python: dict[str, Any] = phone.frame.evaluate(_PYTHON)
    session = phone.context.new_cdp_session(phone.frame)
    try:
        # Twice: what the first round finalises, the second one frees.
        for _ in range(2):
            session.send("HeapProfiler.collectGarbage")
        usage: dict[str, Any] = session.send("Runtime.getHeapUsage")
        counters: dict[str, Any] = session.send("Memory.getDOMCounters")
    finally:
        session.detach()
    return Heap(
        js_bytes=int(usage["usedSize"]),
        nodes=counters["nodes"],
        listeners=counters["jsEventListeners"],
        objects=len(python["kinds"]),
        references=python["references"],
        wasm_bytes=python["memory"],
        kinds=Counter(python["kinds"]),
    )
