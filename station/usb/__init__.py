"""A USB stick is put in: which stick it is, what may be read from it, and writing sessions onto it.

`job` is the exporter that systemd starts as root for each stick; `stick` writes as the station's user inside it;
`installer` recognises an installer's stick; `status` is the small file through which the running station learns of it.
May import: types, errors, config, files, wall_clock, provision, record, export.
"""
