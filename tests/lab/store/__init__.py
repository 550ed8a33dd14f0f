"""What the store costs: over an hour of running, and after years of sessions."""
