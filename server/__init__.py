"""The server: customers, logins, embed tokens, SIP settings, and the frame's page.

It never imports the frame's Python (`embed_app`), and the frame never imports it: they meet in HTTP.
"""
