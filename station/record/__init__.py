"""To disk: input log, store, summary, exporters, USB stick."""
