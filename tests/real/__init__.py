"""The product against servers of others: Debian's Kamailio, coturn and baresip. `make test-all` runs these."""
