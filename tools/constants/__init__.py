"""What makes the constants of the kernels."""
