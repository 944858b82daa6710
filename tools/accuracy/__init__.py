"""What measures errors, and compares results to the bit."""
