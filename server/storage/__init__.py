"""The database: engines, tables, transactions, and text that is encrypted at rest."""
