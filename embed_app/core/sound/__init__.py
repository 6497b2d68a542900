"""Devices, rings and notifications."""
