"""The station beside other tools that get running angles from one camera: the same clips, the same
truth, one run.
"""
