"""What surrounds every hook: options, findings, fixes, ignore comments and output."""
