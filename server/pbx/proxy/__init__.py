"""Registrar and forking proxy: who is registered, who may do what, where a request goes."""
