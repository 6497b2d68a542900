"""Which challenges are answered with credentials (RFC 3261 section 22, RFC 7616, RFC 8760).

Everybody whom a request reaches can answer it with 401 or 407, a callee too, and what the phone would answer
is enough to guess the password offline. So it answers only where the account's own PBX asks:

- a REGISTER, which goes no further than the registrar, and an INVITE outside of a dialog;
- requests in a dialog only where the account says that its PBX asks for that, because they go to the far end;
- for the realms that the account lists; where it lists none, for the SIP domain until the registrar has shown
  another realm with its first challenge, and from then on for that one alone;
- to an INVITE with no weaker algorithm than the registrar itself asks for.

Whoever could answer a REGISTER first owns the connection to the PBX; only TLS keeps them away.
"""

from __future__ import annotations

from dataclasses import dataclass

from embed_app.core.link.effects import Configure, Register
from embed_app.core.link.messages import ChallengeRefused, RegisterAccepted, RegisterFailed
from embed_app.core.link.values import Link, LinkState, SipConfig
from embed_app.core.step import Step
from embed_app.core.text import clean_name, host_of

ALGORITHMS = ("SHA-512-256", "SHA-256", "MD5")
"""The strongest first (RFC 8760 section 2.4)."""
IN_DIALOG = ("INVITE", "BYE", "INFO", "REFER", "NOTIFY", "UPDATE")
"""What the phone sends in a dialog and a PBX may challenge; never ACK and CANCEL (RFC 3261 section 22.1)."""
_UNTOLD = ("OPTIONS", "CANCEL")
"""Requests that have done their work with whatever answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRule:
    """Challenges to these methods, in a dialog or outside, of these realms, are answered.

    `realms` compare without case. `algorithms`: those that may be used, the strongest first.
    """

    methods: tuple[str, ...]
    in_dialog: bool
    realms: tuple[str, ...]
    algorithms: tuple[str, ...] = ALGORITHMS


def answer_rules(link: Link) -> tuple[AnswerRule, ...]:
    """All challenges that are answered. Every other one is refused."""
    config = link.config
    if config is None:
        return ()
    realms = config.rules.digest_realms or (link.registrar_realm or host_of(config.sip_uri),)
    register = AnswerRule(methods=("REGISTER",), in_dialog=False, realms=realms)
    algorithms: tuple[str, ...] = ALGORITHMS
    if link.registrar_algorithm in ALGORITHMS:
        algorithms = ALGORITHMS[: ALGORITHMS.index(link.registrar_algorithm) + 1]
    call = AnswerRule(methods=("INVITE",), in_dialog=False, realms=realms, algorithms=algorithms)
    if not config.rules.digest_in_dialog:
        return register, call
    return (
        register,
        call,
        AnswerRule(methods=IN_DIALOG, in_dialog=True, realms=realms, algorithms=algorithms),
    )


def config_replaced(step: Step, old: SipConfig | None, new: SipConfig) -> None:
    """With another domain, PBX or list of realms the registrar has shown nothing yet."""

    def pbx(config: SipConfig) -> tuple[object, ...]:
        return config.sip_uri, config.wss_urls, config.rules.digest_realms

    if old is not None and pbx(old) != pbx(new):
        step.change_link(registrar_realm="", registrar_algorithm="")


def register_challenged(step: Step, message: RegisterFailed) -> bool:
    """Whether the REGISTER is sent again because its challenge is the first one and shows the realm."""
    link, config = step.link, step.link.config
    if message.refused != "realm" or config is None or config.rules.digest_realms or link.registrar_realm:
        return False
    step.change_link(registrar_realm=message.realm)
    step.emit(Configure(config))
    step.emit(Register())
    return True


def register_accepted(step: Step, message: RegisterAccepted) -> None:
    """From now on nobody asks for another realm or a weaker algorithm than the registrar did."""
    link, config = step.link, step.link.config
    if link.state is not LinkState.REGISTERED:
        return  # it came too late to mean anything
    before, now = (link.registrar_realm, link.registrar_algorithm), (message.realm, message.algorithm)
    if config is None or not message.realm or before == now:
        return
    step.change_link(registrar_realm=message.realm, registrar_algorithm=message.algorithm)
    step.emit(Configure(config))


def why_refused(message: RegisterFailed) -> dict[str, str]:
    """`detail` of an `error` about a REGISTER whose challenge was not answered; empty about another one."""
    return {"reason": message.refused, "realm": clean_name(message.realm)} if message.refused else {}


def refused(step: Step, message: ChallengeRefused) -> None:
    """Somebody asked for credentials who may not have them; nothing was sent."""
    if message.method in _UNTOLD:
        return
    call = next((call for call in step.phone.calls if call.sip_call_id == message.sip_call_id), None)
    step.problem(
        "challenge_refused",
        call_uuid=call.uuid if call else None,
        reason=message.why,
        realm=clean_name(message.realm),
        method=message.method,
    )
