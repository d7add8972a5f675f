"""What is known of versions outside the change: when they were published, and which advisories name them."""
