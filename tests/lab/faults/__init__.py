"""What the station withstands: kills, power cuts, dead parts, damaged files. See README.md."""
