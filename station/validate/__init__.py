"""What somebody else measured beside what the station did: counts, or another system."""
