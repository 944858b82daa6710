"""What measures time, and looks at what the compiler made."""
