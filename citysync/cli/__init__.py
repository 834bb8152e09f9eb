"""The command line: ``citysync VERB [CITY…]``. Results on stdout, progress and errors on stderr."""
