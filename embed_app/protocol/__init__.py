"""The public contract as dataclasses: the one source of the JSON Schema and the type declarations."""
