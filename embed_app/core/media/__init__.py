"""The sound of answered calls: watched, repaired when it stops, judged."""
