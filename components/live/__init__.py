"""What is known of the live cluster before anything is declared."""
