"""The start of the frame in real Chromium, cross-origin, under the product's policy: it starts or says so."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.build.frame_site import Embedded, FrameSite, Gate, open_parent

TOKEN = "eyJhbGciOiJIUzI1NiJ9.secret.part"
STORAGE = "(() => { try { localStorage.length; return 'works'; } catch (error) { return error.name; } })()"


def url(site: FrameSite, parameters: str = "&locale=en") -> str:
    return f"{site.frame_origin}/webphone-embed?token={TOKEN}{parameters}"


# ---- it starts


def test_starts_without_unsafe_eval_where_storage_is_denied(parent: Embedded, site: FrameSite) -> None:
    parent.embed(url(site))
    parent.reaches("started")
    assert parent.frame.evaluate(STORAGE) == "SecurityError"
    assert parent.console == []  # a policy violation would be an error here


def test_starts_where_storage_works_and_gives_indexeddb_back(plain_browser: Browser, site: FrameSite) -> None:
    context = plain_browser.new_context()
    parent = open_parent(context.new_page(), site)
    parent.embed(url(site))
    parent.reaches("started")
    assert parent.frame.evaluate(STORAGE) == "works"
    assert parent.frame.evaluate("indexedDB instanceof IDBFactory")
    assert parent.console == []
    context.close()


def test_the_static_shell_is_painted_before_python(parent: Embedded, site: FrameSite) -> None:
    parent.page.route("**/pyodide.asm.wasm", lambda route: None)  # never answered
    parent.embed(url(site, "&locale=en&theme=dark&layout=fullscreen"))
    parent.shows_the_shell()
    root = parent.frame.locator("html")
    for name, value in {"lang": "en", "data-theme": "dark", "data-layout": "fullscreen"}.items():
        expect(root).to_have_attribute(name, value)


def test_an_overlay_is_folded_from_the_first_paint_on(parent: Embedded, site: FrameSite) -> None:
    parent.page.route("**/pyodide.asm.wasm", lambda route: None)
    parent.embed(url(site, "&locale=en&layout=overlay"))
    expect(parent.frame.get_by_role("button", name="Open the phone")).to_be_visible()
    expect(parent.frame.locator("#dialer")).to_be_hidden()


@pytest.mark.parametrize("parameters", ["&locale=xx&theme=pink&layout=", ""])
def test_unknown_parameters_fall_back_to_the_defaults(
    parent: Embedded, site: FrameSite, parameters: str
) -> None:
    parent.page.route("**/pyodide.asm.wasm", lambda route: None)
    parent.embed(url(site, parameters))
    expect(parent.frame.get_by_text("Đang khởi động…", exact=True)).to_be_visible()
    root = parent.frame.locator("html")
    for name, value in {"lang": "vi", "data-theme": "auto", "data-layout": "docked"}.items():
        expect(root).to_have_attribute(name, value)


# ---- the token


def test_the_token_leaves_the_address_and_reaches_no_other_request(parent: Embedded, site: FrameSite) -> None:
    referrers: list[str] = []
    parent.page.on(
        "request", lambda request: referrers.append(f"{request.url} {request.headers.get('referer')}")
    )
    parent.embed(url(site))
    parent.reaches("started")
    assert parent.frame.evaluate("location.href") == f"{site.frame_origin}/webphone-embed"
    assert parent.frame.evaluate("document.URL + document.referrer").count(TOKEN) == 0
    assert parent.frame.evaluate("zorioBoot.search") == f"?token={TOKEN}&locale=en"
    seen = "performance.getEntries().filter(e => e.name.includes('secret')).map(e => e.entryType)"
    assert parent.frame.evaluate(seen) == ["navigation"]  # the browser's own record cannot be changed
    assert sum(TOKEN in line for line in referrers) == 1  # the page itself
    assert len(referrers) > 8


def test_a_token_in_the_fragment_wins_and_is_never_sent(parent: Embedded, site: FrameSite) -> None:
    requested: list[str] = []
    parent.page.on("request", lambda request: requested.append(request.url))
    parent.embed(f"{site.frame_origin}/webphone-embed?token=old&theme=dark#token={TOKEN}&locale=en")
    parent.reaches("started")
    assert parent.frame.evaluate("zorioBoot.search") == f"?theme=dark&token={TOKEN}&locale=en"
    assert parent.frame.evaluate("location.href") == f"{site.frame_origin}/webphone-embed"
    assert parent.frame.evaluate("document.documentElement.lang") == "en"
    # Chromium's DevTools protocol hands out the fragment separately: requests never carry it.
    assert not [line for line in requested if TOKEN in line.split("#")[0]]


# ---- early messages


def test_messages_from_before_python_come_in_order_and_then_live_ones(
    parent: Embedded, site: FrameSite
) -> None:
    gate = Gate(parent.page, "**/pyodide.asm.wasm")
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.page.evaluate("for (let n = 0; n < 20; n++) command({type: 'call', n})")
    parent.until("zorioBoot.messages.length === 20")
    gate.open()
    parent.reaches("started")
    parent.page.evaluate("for (let n = 20; n < 25; n++) command({type: 'call', n})")
    numbers = [echo["payload"]["n"] for echo in parent.hears("echo", 25)]
    assert numbers == list(range(25))


def test_only_so_many_and_only_plain_data_is_kept(parent: Embedded, site: FrameSite) -> None:
    parent.page.route("**/pyodide.asm.wasm", lambda route: None)
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.page.evaluate(
        """() => {
          const cyclic = {}; cyclic.self = cyclic;
          const send = (data) => frames[0].postMessage(data, "*");
          [cyclic, 10n, undefined, "x".repeat(64 * 1024), "x".repeat(64 * 1024 - 2), {a: 1}].forEach(send);
          for (let n = 0; n < 600; n++) send(n);
        }"""
    )
    parent.until("zorioBoot.dropped === 106")
    kept = parent.frame.evaluate("zorioBoot.messages")
    assert len(kept) == 500
    assert [message["data"] for message in kept[:4]] == ["null"] * 4
    assert len(kept[4]["data"]) == 64 * 1024
    assert kept[5] == {"data": '{"a":1}', "origin": site.parent_origin}


def test_a_message_of_another_window_is_not_kept(parent: Embedded, site: FrameSite) -> None:
    parent.page.route("**/pyodide.asm.wasm", lambda route: None)
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.page.evaluate(
        """() => new Promise((posted) => {
          const other = document.body.appendChild(document.createElement("iframe"));
          other.src = "/parent";
          other.onload = () => posted(other.contentWindow.eval(
            `for (let n = 0; n < 600; n++) parent.frames[0].postMessage({type: "call"}, "*")`));
        })"""
    )
    parent.page.evaluate(
        "command({type: 'get_state'})"
    )  # posted after them, of the same page: comes after them
    parent.until("zorioBoot.messages.length > 0")
    assert [message["data"] for message in parent.frame.evaluate("zorioBoot.messages")] == [
        '{"source":"zorio-webphone","type":"get_state"}'
    ]
    assert parent.frame.evaluate("zorioBoot.dropped") == 0


# ---- it does not start

# What both ways to start need, or one thing of each; tests/fast_start has what the plain start makes good.
FAULTS = [
    {"pyodide.asm.wasm": "missing"},
    {"pyodide.asm.wasm": "corrupt"},
    {"pyodide.asm.wasm": "wrong byte"},
    {"sip-ua.js": "missing"},
    {"pyscript-loader.mjs": "missing"},
    {"python.image": "missing", "python.zip": "missing"},
    {"python.image": "missing", "python.zip": "corrupt"},
    {"fast-start.mjs": "missing", "core.js": "missing"},
    {"fast-start.mjs": "missing", "interpreter.mjs": "missing"},
    {"fast-start.mjs": "missing", "pyodide.asm.mjs": "missing"},
]


@pytest.mark.parametrize("faults", FAULTS, ids=str)
def test_a_damaged_asset_shows_the_panel_and_tells_the_parent(
    parent: Embedded, site: FrameSite, faults: dict[str, str]
) -> None:
    site.faults.update(faults)
    parent.embed(url(site))
    parent.reaches("failed")
    expect(parent.frame.locator("#load-failed")).to_contain_text("The phone could not be loaded")
    expect(parent.frame.get_by_role("button", name="Try again")).to_be_visible()
    (event,) = parent.hears("error")
    assert event["source"] == "zorio-webphone"
    payload = event["payload"]
    assert (payload["code"], payload["fatal"]) == ("load_failed", True)
    assert payload["message"].startswith("The phone could not be loaded.")
    assert "secret" not in str(payload)


def test_half_a_phone_never_counts_as_started(parent: Embedded, site: FrameSite) -> None:
    gate = Gate(parent.page, "**/pyodide.asm.wasm")
    site.faults["sip-ua.js"] = "missing"
    parent.embed(url(site))
    parent.reaches("failed")
    gate.open()
    parent.until("window.pythonIsUp")
    expect(parent.frame.locator("html")).to_have_attribute("data-boot", "failed")
    expect(parent.frame.locator("#load-failed")).to_be_visible()


def test_an_exception_of_our_start_is_a_failed_start(parent: Embedded, site: FrameSite) -> None:
    parent.embed(url(site, "&fail_in_python=1&locale=vi"))
    parent.reaches("failed")
    (event,) = parent.hears("error")
    # The text of it may hold anything, so it stays here.
    assert event["payload"]["detail"] == {"reason": "RuntimeError"}
    expect(parent.frame.get_by_role("button", name="Thử lại")).to_be_visible()


def test_commands_of_a_failed_phone_are_answered_once_each(parent: Embedded, site: FrameSite) -> None:
    gate = Gate(parent.page, "**/pyodide.asm.wasm")
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.page.evaluate(
        "['a', undefined, 'b'].forEach(id => command({type: 'call', payload: {number: '1'}, id}))"
    )
    parent.page.evaluate("frames[0].postMessage({type: 'call', id: 'stranger'}, '*')")
    parent.until("zorioBoot.messages.length === 4")
    gate.open(lambda route: route.fulfill(status=404, body=""))
    parent.reaches("failed")
    parent.page.evaluate("command({type: 'get_state', id: 'c'})")
    answers = parent.hears("response", 3)
    assert [answer["id"] for answer in answers] == ["a", "b", "c"]
    for answer in answers:
        assert answer["ok"] is False
        assert answer["error"]["code"] == "load_failed"
    assert len(parent.heard("error")) == 1


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ("http://127.0.0.1:*", True),
        ("https://crm.example http://127.0.0.1:{port}", True),
        ("https://crm.example", False),
        ("http://*:* * http://*", False),
        ("http://127.0.0.1", False),
        ("http://127.0.0.1.evil.example:* http://27.0.0.1:*", False),
        ("", False),
    ],
)
def test_a_failure_is_told_to_allowed_parents_only(
    parent: Embedded, site: FrameSite, allowed: str, told: bool
) -> None:
    site.allowed_parents = allowed.format(port=site.port)
    site.faults["sip-ua.js"] = "missing"
    # A probe that comes back the same way after everything else: what is not there by then never comes.
    # It listens before boot.js, which lets nobody listen after it.
    parent.page.add_init_script(
        """if (window !== top) addEventListener("message", (event) => {
          if (event.data.id === "b") setTimeout(() => parent.postMessage({type: "probe"}, "*"));
        }, true)"""
    )
    parent.embed(url(site))
    parent.reaches("failed")
    parent.page.evaluate("['a', 'b'].forEach(id => command({type: 'get_state', id}))")
    parent.hears("probe")
    assert len(parent.heard("error")) == (1 if told else 0)
    assert len(parent.heard("response")) == (2 if told else 0)


def test_the_watchdog_gives_up_after_a_minute_and_a_late_start_recovers(
    parent: Embedded, site: FrameSite
) -> None:
    parent.page.clock.install()
    gate = Gate(parent.page, "**/pyodide.asm.wasm")
    parent.embed(url(site))
    parent.shows_the_shell()
    parent.page.clock.fast_forward(55_000)
    assert parent.heard("error") == []
    parent.page.clock.fast_forward(6_000)
    parent.reaches("failed")
    assert parent.hears("error")[0]["payload"]["detail"] == {"reason": "no start within 60 s"}

    gate.open()
    parent.reaches("started")
    expect(parent.frame.locator("#load-failed")).to_be_hidden()
    parent.page.evaluate("command({type: 'get_state'})")
    parent.hears("echo")


def test_retry_loads_past_the_cache_and_keeps_the_token(parent: Embedded, site: FrameSite) -> None:
    site.faults["pyodide.asm.wasm"] = "corrupt"  # and immutable: a plain reload would find it in the cache
    parent.embed(url(site))
    parent.reaches("failed")
    site.faults.clear()
    parent.frame.get_by_role("button", name="Try again").click()
    parent.reaches("started")
    search = parent.frame.evaluate("zorioBoot.search")
    assert sorted(re.split("[?&]", search)) == sorted(["", f"token={TOKEN}", "locale=en"])
    assert parent.frame.evaluate("location.href") == f"{site.frame_origin}/webphone-embed"
    parent.page.evaluate("command({type: 'get_state'})")
    parent.hears("echo")
