"""Pixels to landmarks: which person, crop and un-crop, the ONNX session."""
