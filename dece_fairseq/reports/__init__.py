"""What was found, for people: texts of commands, and reports, leaderboards and pages of results."""
