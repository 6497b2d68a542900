"""Calls that outlive their page or their tab."""
