"""SIP as text: addresses, messages, and the way to whoever gets them."""
