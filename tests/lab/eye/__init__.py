"""Training, export and evaluation of the station's own networks on the training ground's frames."""
