"""In the kernel of a submission: what its cells print, up to more than the grader keeps."""

from ipykernel.iostream import OutStream

MOST = 1_000_000  # characters of a cell on one stream


class BoundedStream(OutStream):  # type: ignore[misc, unused-ignore]
    """Passes on what a cell prints until it is too much.

    The rest would take the memory that the learner's code is to have, and end in errors that are
    not the learner's: ipykernel holds it until it is sent, and IPython for good.
    """

    _cell = ""
    _passed = 0

    def __setattr__(self, name: str, value: object) -> None:
        """Without a `write` of another's: so IPython would get at all that is printed."""
        if name != "write":
            super().__setattr__(name, value)

    def write(self, string: str) -> int:
        """As a file does; the rest of what is too much is taken and dropped."""
        cell = self.parent_header.get("msg_id", "")
        if cell != self._cell:
            self._cell, self._passed = cell, 0
        room = MOST - self._passed
        if room > 0 or not isinstance(string, str):
            super().write(string[:room])
        self._passed += len(string)
        return len(string)
