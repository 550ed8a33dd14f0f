"""A treadmill-side hip coach: camera in, hip angles and one quiet cue out."""

__version__ = "0.1.0"
