"""What a frame holds on to once all that can go has gone: JavaScript's heap, the DOM, Python's heap."""

from __future__ import annotations

from dataclasses import dataclass
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
    "(len(gc.get_objects()), sum(len(gc.get_referents(each)) for each in gc.get_objects()))",
  ].join("\\n"));
  const [objects, references] = counted.toJs();
  counted.destroy();
  return { objects, references, memory: interpreter._module.HEAP8.length };
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

    def __str__(self) -> str:
        return (
            f"JavaScript {self.js_bytes / 1e6:.2f} MB, {self.nodes} nodes, {self.listeners} listeners; "
            f"Python {self.objects} objects, {self.references} references, {self.wasm_bytes / 1e6:.1f} MB"
        )


def heap_of(phone: Phone) -> Heap:
    """The frame must be in a process of its own, as one of another site is."""
    python: dict[str, int] = phone.frame.evaluate(_PYTHON)
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
        objects=python["objects"],
        references=python["references"],
        wasm_bytes=python["memory"],
    )
