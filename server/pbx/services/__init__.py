"""Calls that the PBX answers or makes itself."""
