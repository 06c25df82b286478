"""The commands of the command line; each one imports its use cases when it runs, so that no command waits for what another needs."""
