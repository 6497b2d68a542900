"""The two parts of a user's SIP address, `sip:<extension>@<SIP domain>`.

Both are as narrow as RFC 3261 section 25.1, which SIP.js follows to the letter: it makes no user agent for an
address it cannot read, and such a phone would never register.
"""

import ipaddress
import re

from server.customers.origins import check_domain

_EXTENSION = re.compile(r"[A-Za-z0-9._-]{1,32}")


def check_extension(extension: str) -> str:
    """The user of a SIP address. Raises ValueError."""
    if not _EXTENSION.fullmatch(extension):
        raise ValueError("an extension has 1 to 32 letters, digits, dots, dashes or underscores")
    return extension


def check_sip_domain(domain: str) -> str:
    """The host of a SIP address, in lower case: a host name or an IPv4 address. Raises ValueError.

    Of a host name the last label (`toplabel`) begins with a letter.
    """
    name = check_domain(domain)
    if not name.rpartition(".")[2][0].isalpha() and not _is_ipv4(name):
        raise ValueError(
            f"{domain!r} is no SIP domain: its last part must begin with a letter, as in sip.example.vn; "
            "give the domain of the PBX with --sip-domain"
        )
    return name


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True
