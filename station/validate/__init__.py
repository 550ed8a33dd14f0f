"""What somebody else measured beside what the station measured: hand counts, or another system's
values.
"""
