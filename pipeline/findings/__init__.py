"""Every doubt about a run, as a finding with a code."""
