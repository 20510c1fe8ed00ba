"""The command ``dece``, one file a subcommand."""
