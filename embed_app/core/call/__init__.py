"""One call: its states, what may be wished of it, what SIP reports about it, transfers, two at once."""
