"""What a preview would do to people's databases and traffic, in their words: reads previews, touches nothing."""
