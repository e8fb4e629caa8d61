"""From volumes and options to a plan: every decision is taken here, and nothing is written."""
