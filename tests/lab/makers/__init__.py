"""Programs that make files of the product from recorded data: norms, stride curves, goldens."""
