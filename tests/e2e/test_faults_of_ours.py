"""A fault of ours is heard: in the console, by the parent, and by every test."""

from __future__ import annotations

from tests.e2e.heard import Log
from tests.e2e.phone import Phone
from tests.e2e.world import World


def test_a_fault_of_the_shim_is_told_to_the_parent(alice: Phone) -> None:
    alice.log.expected += ["configure"]
    alice.mark()
    alice.frame.evaluate("zorioSip.configure('{')")
    told = alice.wait_event("error")
    assert (told["code"], told["fatal"]) == ("internal", False)
    assert told["detail"] == {"kind": "SyntaxError", "where": "configure"}
    assert "zorio-webphone: SyntaxError at configure" in alice.console
    alice.console.clear()


def test_each_kind_of_fault_fails_the_test_it_came_in(world: World) -> None:
    page = world.browser.new_page()
    log = Log(page, "page")
    page.goto(f"{world.crm_origin}/")
    internal = {"source": "zorio-webphone", "type": "error", "payload": {"code": "internal", "message": "x"}}
    page.evaluate(
        """(internal) => {
          console.error("zorio-webphone: TypeError at hold");
          console.log("zorio-webphone: KeyError at step.py:3");
          console.warn("Traceback (most recent call last): ...");
          console.log("something else");
          return new Promise((done) => {
            addEventListener("error", done);
            addEventListener("message", () => { throw new Error("nobody caught it"); });
            postMessage(internal, "*");
          });
        }""",
        internal,
    )
    log.expected = ["at hold"]
    found = log.problems()
    page.close()
    told = [text for text in found if "a fault" in text]
    parts = ("KeyError at step.py:3", "Traceback", "nobody caught it", "error internal")
    assert [part for part in parts if not any(part in text for text in told)] == []
    assert len(told) == len(parts)
    assert log.problems() == []
