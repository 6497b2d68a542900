"""The embedded demo PBX: registrar, forking proxy and service extensions on one WebSocket endpoint.

It is a demonstration and a test partner and will not become more: one process, one domain, nothing
stored. A customer's real PBX is configuration.
"""

from server.pbx.pbx import Pbx
from server.pbx.proxy.digest import PbxUser, time_limited_password

__all__ = ["Pbx", "PbxUser", "time_limited_password"]
