"""The phone in real Chromium, its parent on another origin, real SIP through the demo PBX."""
