"""The fast start in real Chromium, and what becomes of it when any part of it is wrong: the plain start."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from playwright.sync_api import Browser, Request, expect
from playwright.sync_api import Error as PlaywrightError

from tests.build.frame_site import PATIENCE_MS, Embedded, FrameSite, open_parent

DIAGNOSTICS = "zorioBoot.diagnostics"
STARTED_FAST = "Boolean(zorioBoot.python)"


def url(site: FrameSite, parameters: str = "") -> str:
    return f"{site.frame_origin}/webphone-embed?token=a.b.c&locale=en{parameters}"


def answers(parent: Embedded) -> None:
    parent.page.evaluate("command({type: 'get_state', id: 'x'})")
    parent.hears("echo")


def start(parent: Embedded, site: FrameSite, parameters: str = "") -> None:
    """Embed the frame and wait until it is up, however it came there."""
    parent.embed(url(site, parameters))
    parent.reaches("started")


def start_fast(parent: Embedded, site: FrameSite) -> None:
    start(parent, site)
    parent.until(STARTED_FAST)


@contextmanager
def opened(browser: Browser, site: FrameSite, **options: Any) -> Iterator[Embedded]:
    """A parent in a context of its own."""
    context = browser.new_context(**options)
    yield open_parent(context.new_page(), site)
    context.close()


def run_python(parent: Embedded, expression: str) -> Any:
    """The value of an expression in the interpreter that the fast start woke."""
    script = "async (code) => zorioBoot.python.runPython(`import json; json.dumps(${code})`)"
    parent.until(STARTED_FAST)
    return json.loads(parent.frame.evaluate(script, expression))


UNPAINTED = """(milliseconds) => {
  if (window === top) return;
  const from = { responseStart: milliseconds, requestStart: 0 };
  performance.getEntriesByType = (type) => (type === "navigation" ? [from] : []);
  const soon = window.requestAnimationFrame;
  window.requestAnimationFrame = (painted) => (window.paint ? soon(painted) : (window.paint = painted));
  const later = window.setTimeout;
  window.setTimeout = (work, delay, ...more) => (delay === 160 ? 0 : later(work, delay, ...more));
}"""
LARGE = {"pyodide.asm.wasm", "python.image", "fast-start.mjs"}


@pytest.mark.parametrize("milliseconds", [24, 25])
def test_downloads_wait_for_the_first_paint_where_the_server_is_near(
    parent: Embedded, site: FrameSite, milliseconds: int
) -> None:
    requested: set[str] = set()
    parent.page.on("request", lambda request: requested.add(request.url.rsplit("/", 1)[1]))
    parent.page.add_init_script(f"({UNPAINTED})({milliseconds})")
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.until("Boolean(globalThis.zorioSip)")  # the page is read, and its first scripts have run
    assert requested & LARGE == (set() if milliseconds < 25 else LARGE)
    parent.frame.evaluate("paint()")
    parent.reaches("started")
    assert parent.frame.evaluate(DIAGNOSTICS) == []
    answers(parent)


def test_it_starts_without_the_standard_library_and_without_pyscript(
    parent: Embedded, site: FrameSite
) -> None:
    requested: list[str] = []
    parent.page.on("request", lambda request: requested.append(request.url.rsplit("/", 1)[1]))
    start_fast(parent, site)
    assert not {"python.zip", "core.js", "pyodide.asm.mjs"} & set(requested)
    assert [requested.count(name) for name in ("python.image", "pyodide.asm.wasm")] == [1, 1]
    assert parent.frame.evaluate(DIAGNOSTICS) == []
    assert parent.console == []
    answers(parent)


def test_pyscript_adopts_the_interpreter_that_runs(parent: Embedded, site: FrameSite) -> None:
    parent.page.clock.install()
    start(parent, site)
    assert parent.frame.evaluate("zorioBoot.starts") == 1
    parent.until(STARTED_FAST)
    parent.page.clock.fast_forward(11_000)
    parent.until("zorioBoot.starts === 2")  # counted in Python: it is the same interpreter
    assert run_python(parent, "__import__('pyscript').RUNNING_IN_WORKER") is False
    assert run_python(parent, "__import__('asyncio').StreamReader.__name__") == "StreamReader"
    # Modules the image has stand-ins for are the real ones by now, also for those who imported them then.
    assert run_python(parent, "__import__('socket').AF_INET.name") == "AF_INET"
    assert run_python(parent, "__import__('inspect').dis.opname[0]") == "CACHE"
    assert run_python(parent, "__import__('asyncio').futures.STACK_DEBUG") == 9
    logger = "__import__('concurrent.futures').futures._base.LOGGER"
    assert run_python(parent, f"{logger}.name") == "concurrent.futures"
    assert parent.console == []


FAULTS = [
    ("fast-start.mjs", "missing"),
    ("fast-start.mjs", "corrupt"),
    ("python.image", "missing"),
    ("python.image", "corrupt"),
    ("python.image", "wrong byte"),
    ("pyodide.asm.wasm", "wrong byte once"),
]


@pytest.mark.parametrize(("asset", "fault"), FAULTS)
def test_a_damaged_part_leads_to_the_plain_start_and_is_told_once(
    parent: Embedded, site: FrameSite, asset: str, fault: str
) -> None:
    site.faults[asset] = fault
    start(parent, site)
    answers(parent)
    assert parent.heard("error") == []
    assert parent.frame.evaluate(STARTED_FAST) is False
    assert parent.frame.evaluate("zorioBoot.starts") == 1
    (told,) = parent.frame.evaluate(DIAGNOSTICS)
    assert told.startswith("fast start: ")
    assert "a.b.c" not in told


def test_a_damaged_image_in_the_cache_is_mended_for_the_next_start(parent: Embedded, site: FrameSite) -> None:
    site.faults["python.image"] = "wrong byte once"
    images: list[str] = []

    def is_second_image(request: Request) -> bool:
        images.extend(name for name in [request.url] if name.endswith("python.image"))
        return len(images) == 2

    with parent.page.expect_event("requestfinished", is_second_image, timeout=PATIENCE_MS):
        start(parent, site)
    assert parent.frame.evaluate(STARTED_FAST) is False
    parent.page.reload()
    start_fast(parent, site)


def test_a_browser_that_cannot_do_it_starts_plainly(parent: Embedded, site: FrameSite) -> None:
    parent.page.add_init_script("delete WebAssembly.compileStreaming")
    start(parent, site)
    answers(parent)
    assert len(parent.frame.evaluate(DIAGNOSTICS)) == 1


def test_the_plain_start_can_be_asked_for(parent: Embedded, site: FrameSite) -> None:
    start(parent, site, "&start=plain")
    assert parent.frame.evaluate(DIAGNOSTICS) == ["fast start: switched off by the address"]
    assert parent.frame.evaluate(STARTED_FAST) is False


@pytest.mark.parametrize("crash", [True, False])
def test_after_a_crash_of_the_page_it_starts_plainly_once(
    plain_browser: Browser, site: FrameSite, crash: bool
) -> None:
    context = plain_browser.new_context()
    parent = open_parent(context.new_page(), site)
    start_fast(parent, site)
    tab = context.new_cdp_session(parent.page)
    with context.expect_page() as window:
        if crash:
            with suppress(PlaywrightError):  # nobody is left to answer
                context.new_cdp_session(parent.frame).send("Page.crash", timeout=1000)
        else:
            parent.page.reload()  # the frame leaves as frames leave
        # An opened window has a copy of the session storage; Playwright would not touch the crashed page.
        tab.send("Runtime.evaluate", {"expression": "void open('/parent')", "userGesture": True})
    after = Embedded(window.value, [])
    for told in (["fast start: the last one crashed the page"] if crash else [], []):
        start(after, site)
        answers(after)
        assert after.frame.evaluate(DIAGNOSTICS) == told
        after.page.reload()
    context.close()


def test_after_a_start_that_raised_retry_starts_plainly(parent: Embedded, site: FrameSite) -> None:
    parent.embed(url(site, "&fail_in_python=1"))
    parent.reaches("failed")
    (event,) = parent.hears("error")
    assert event["payload"]["code"] == "load_failed"
    parent.frame.get_by_role("button", name="Try again").click()
    parent.hears("error", 2)
    assert parent.frame.evaluate("zorioBoot.search").endswith("&start=plain")
    assert parent.frame.evaluate(DIAGNOSTICS) == ["fast start: switched off by the address"]


def test_what_was_asked_ahead_is_given_once_and_for_that_token_only(
    parent: Embedded, site: FrameSite
) -> None:
    take = "token => zorioBoot.takeSipConfig(token)?.then(answer => answer.status)"
    start(parent, site)
    assert [parent.frame.evaluate(take, "a.b.c") for _ in range(2)] == [200, None]
    parent.page.reload()
    start(parent, site)
    assert [parent.frame.evaluate(take, token) for token in ("x.y.z", "a.b.c")] == [None, None]


@pytest.mark.parametrize(
    "parameters", ["token=a.b", "token=", "token=a.b.c&auto_register=0", "token=a.b.c&auto_register=%30"]
)
def test_nothing_is_asked_ahead_that_python_may_not_want(
    parent: Embedded, site: FrameSite, parameters: str
) -> None:
    requested: list[str] = []
    parent.page.on("request", lambda request: requested.append(request.url))
    parent.embed(f"{site.frame_origin}/webphone-embed?{parameters}")
    parent.reaches("started")
    assert not [url for url in requested if "/api/" in url]


@pytest.mark.parametrize("how", ["", "&start=plain"])
def test_python_stays_on_the_stack_of_the_page(parent: Embedded, site: FrameSite, how: str) -> None:
    """Chromium crashes when it collects garbage on another one (boot.js says more)."""
    assert parent.page.evaluate("'Suspending' in WebAssembly"), "nothing to see in a browser without JSPI"
    start(parent, site, how)
    assert parent.frame.evaluate("'Suspending' in WebAssembly") is False
    if not how:
        code = "import pyodide.ffi; pyodide.ffi.can_run_sync()"
        assert parent.frame.evaluate("(code) => zorioBoot.python.runPythonAsync(code)", code) is False


def test_every_frame_has_its_own_random_numbers(browser: Browser, site: FrameSite) -> None:
    seen = set()
    for _ in range(2):
        with opened(browser, site) as parent:
            start(parent, site)
            seen.add(run_python(parent, "__import__('random').getrandbits(64)"))
            seen.add(run_python(parent, "__import__('os').urandom(8).hex()"))
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("zone", "offset", "names"),
    [("Asia/Ho_Chi_Minh", 7 * 3600, -7 * 3600), ("America/New_York", -5 * 3600, 5 * 3600)],
)
def test_the_time_zone_is_that_of_the_browser(
    browser: Browser, site: FrameSite, zone: str, offset: int, names: int
) -> None:
    """The build may run anywhere: what it saw of its own zone must not be in the image."""
    with opened(browser, site, timezone_id=zone) as parent:
        start(parent, site)
        assert (
            run_python(parent, "__import__('time').localtime(1768478400).tm_gmtoff") == offset
        )  # in January
        assert run_python(parent, "__import__('time').timezone") == names


def test_the_frame_shows_no_sign_of_the_plain_start_when_storage_works(
    plain_browser: Browser, site: FrameSite
) -> None:
    with opened(plain_browser, site) as parent:
        start_fast(parent, site)
        expect(parent.frame.locator("#load-failed")).to_be_hidden()
        assert parent.console == []
