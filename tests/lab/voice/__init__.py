"""The voice lines of the loudspeaker, rendered from the cue texts."""
