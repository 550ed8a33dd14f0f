"""Random single frames of rendered runners with exact truth, to train networks on and to test them.
"""
