"""`SipUserAgent` in real Chromium, with a shim that only writes down what it is told."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page

from tests.ui.conftest import run

SHIM = """() => {
  globalThis.sent = "";
  globalThis.zorioSip = {
    listen: (listener) => (globalThis.listener = listener.copy()),
    canInsertDtmf: () => false,
    sendInfo: (_call, _type, body) => (sent += body[7]),
  };
}"""

DRIVER = """
from embed_app.browser import sip_user_agent

sip_user_agent.DTMF_SPACING = 0.05
told = []
user_agent = sip_user_agent.SipUserAgent()
user_agent.listen(told.append)
"""


@pytest.fixture
def shim(page: Page) -> Page:
    page.evaluate(SHIM)
    run(page, DRIVER)
    return page


def send(page: Page, digits: str) -> None:
    run(page, f"user_agent.send_dtmf('c1', {digits!r})")


def refuse(page: Page) -> None:
    page.evaluate("listener(JSON.stringify({ type: 'dtmf_failed', call_uuid: 'c1', status: 415 }))")


def test_the_rest_of_refused_digits_is_not_sent_among_those_of_a_second_try(shim: Page) -> None:
    send(shim, "12345")
    shim.wait_for_function("() => sent.length === 1")
    refuse(shim)
    send(shim, "678")
    shim.wait_for_function("() => sent.endsWith('8')")
    shim.wait_for_timeout(300)
    assert shim.evaluate("sent") == "1678"


def test_a_refusal_is_told_once_for_each_command(shim: Page) -> None:
    send(shim, "1")
    refuse(shim)
    refuse(shim)
    send(shim, "2")
    refuse(shim)
    refuse(shim)
    kinds = json.loads(run(shim, "json.dumps([type(message).__name__ for message in told])"))
    assert kinds == ["DtmfFailed", "DtmfFailed"]
