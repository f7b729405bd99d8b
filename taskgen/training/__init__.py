"""What every dataset carries to be trained on: these very files are copied into it."""
