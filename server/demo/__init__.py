"""The demo: a customer, its CRM pages and a PBX, in one process. Needs the optional extra `demo`."""
