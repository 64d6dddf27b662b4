"""`python -m bench`: every measurement there is."""

from bench import lint

lint.main()
