"""Everything that happened, on disk, so that a power cut costs at most the last second.

The input log (`log`), the database of sessions (`store` to write, `archive` to read), the writer
thread between the coach and the disk (`writer`), how long logs are kept (`retention`), and a whole
recording in memory for analyses (`collect`). May import: types, ports, errors, config, files,
wall_clock.
"""
