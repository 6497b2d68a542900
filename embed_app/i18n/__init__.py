"""Every sentence the agent or the parent can read, in Vietnamese and English."""
