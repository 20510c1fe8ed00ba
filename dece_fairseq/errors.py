"""The base of every error that a user can mend."""


class UserError(ValueError):
    """Something that the user gave can't be used as it is.

    The message names the file, line or option and says what to do. Commands print it on one line
    and end with status 2; anything else that is raised is a fault of ours and keeps its traceback.
    """
