"""What the demonstrations share: a kernel of their own, the live table, and claims that hold or do not."""
