"""HTTP: what is answered at each address, and what happens to every request on the way."""
