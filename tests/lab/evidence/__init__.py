"""Makes hardware/evidence.md from the RESULTS files of the other tests, and its figures from their
single trials.
"""
