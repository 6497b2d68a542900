"""Every error code a parent can see: code -> (fatal, cause, cure). Codes never change their meaning.

`message` is written in the frame's locale by i18n (`error.<code>`); cause and cure are for integrators
and stand in the documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """fatal: it can stop the phone until a new token, a permission or the operator helps. An `error` event
    says fatal only where it did."""

    fatal: bool
    cause: str
    cure: str


ERRORS: Mapping[str, ErrorCode] = {
    "token_missing": ErrorCode(
        True, "The frame's address has no token.", "Add ?token= or send refresh_token."
    ),
    "token_malformed": ErrorCode(
        True, "The token is not an embed token.", "Pass embed_token as the server answered it."
    ),
    "token_expired": ErrorCode(True, "The embed token has run out.", "Send refresh_token with a new one."),
    "token_rejected": ErrorCode(True, "The server refused the token.", "Send refresh_token with a new one."),
    "token_foreign": ErrorCode(
        True, "The token belongs to another customer.", "Use the token with its own customer's domain."
    ),
    "token_mismatch": ErrorCode(
        False,
        "The new token is for another extension or customer; the old one is kept.",
        "Reload the frame to change the user.",
    ),
    "invalid_parameter": ErrorCode(
        False, "The frame's address has an unknown value; the default is used.", "See detail.field."
    ),
    "invalid_message": ErrorCode(False, "A message is not of the protocol's form.", "See detail.field."),
    "unknown_command": ErrorCode(False, "No command has this type.", "See the list of commands."),
    "invalid_payload": ErrorCode(False, "A command's payload has a wrong field.", "See detail.field."),
    "invalid_number": ErrorCode(False, "The number has characters no number has.", "Send + 0-9 * # only."),
    "number_not_allowed": ErrorCode(
        False,
        "The account's rules do not let this phone dial the number, or not now.",
        "See detail.rule; change it with account set.",
    ),
    "invalid_digits": ErrorCode(False, "The digits are no DTMF.", "Send 0-9 * # A-D and , only."),
    "invalid_header": ErrorCode(False, "A header's name or value is not allowed.", "See detail.field."),
    "invalid_state": ErrorCode(False, "The call is in no state for this.", "Look at call.state first."),
    "no_call": ErrorCode(False, "There is no such call.", "Use a call_uuid from an event, or none."),
    "call_in_progress": ErrorCode(
        False, "There is a call that is not on hold, or there are two.", "Hold it or hang up first."
    ),
    "not_registered": ErrorCode(False, "The phone is not connected.", "Send connect and await registered."),
    "registration_refused": ErrorCode(
        True,
        "The PBX refused the extension's credentials, or asked for them in a way that is not answered.",
        "Check the SIP settings of the account; with detail.reason realm set its digest realm.",
    ),
    "challenge_refused": ErrorCode(
        False,
        "Somebody asked for the SIP password who may not: the other side of a call, or the PBX with another "
        "realm or algorithm. Nothing was sent.",
        "If it was the PBX, set digest realms (account set); see detail.",
    ),
    "invalid_configuration": ErrorCode(
        True,
        "A SIP setting of the account cannot be used.",
        "Correct it (account set); see detail.setting.",
    ),
    "in_use_elsewhere": ErrorCode(
        True,
        "The extension's phone is open in another browser or CRM.",
        'Press "Use here" in the frame, or close it there.',
    ),
    "registration_failed": ErrorCode(
        False, "The PBX could not register the phone just now.", "It tries again by itself."
    ),
    "network_unreachable": ErrorCode(
        False,
        "The PBX's WebSocket cannot be reached. A browser does not tell why: no network, a firewall, an "
        "expired certificate, or a server that refuses.",
        "It tries again by itself. See detail.reason.",
    ),
    "server_unreachable": ErrorCode(False, "The server did not answer.", "It tries again by itself."),
    "rate_limited": ErrorCode(False, "The server asks for a slower pace.", "It tries again by itself."),
    "mic_denied": ErrorCode(False, "The microphone is not allowed here.", "Allow it in the browser."),
    "mic_blocked": ErrorCode(
        False, "The page's policy blocks the microphone.", 'Add allow="microphone" to the iframe.'
    ),
    "mic_missing": ErrorCode(False, "No microphone was found.", "Plug one in."),
    "mic_busy": ErrorCode(False, "The microphone cannot be opened.", "Close the program that uses it."),
    "mic_lost": ErrorCode(
        False, "The microphone stopped in a call and there is no other.", "Plug one in; the call goes on."
    ),
    "transfer_failed": ErrorCode(False, "The transfer's target did not take the call.", "See detail.status."),
    "hold_failed": ErrorCode(False, "The far end refused hold or unhold.", "See detail.status."),
    "dtmf_failed": ErrorCode(False, "Digits could not be sent.", "Try again in the answered call."),
    "no_audio": ErrorCode(False, "No audio arrives from the far end.", "Check firewall and TURN."),
    "media_lost": ErrorCode(
        False,
        "The audio path broke and could not be mended in 30 seconds; the call was ended.",
        "Check the network, firewall and TURN.",
    ),
    "too_many_messages": ErrorCode(
        False, "The parent floods the frame; messages are dropped.", "Stay below 200 messages a second."
    ),
    "too_many_calls": ErrorCode(
        False,
        "One caller, or many, ring without end; they hear busy and are not in the history.",
        "Tell the PBX's administrator.",
    ),
    "load_failed": ErrorCode(True, "The phone could not start.", "Reload the frame."),
    "internal": ErrorCode(False, "Something went wrong inside the phone.", "Report it with the time."),
}
