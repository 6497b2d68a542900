"""The product against Debian's Kamailio, coturn and baresip. `make test-all` runs these."""
