"""What all hooks share: options, findings, fixes, ignore comments and output."""
