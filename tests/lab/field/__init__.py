"""Films and files as people have them, what the station says of each, and how true its numbers
stay.
"""
