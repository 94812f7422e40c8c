"""What a verifier finds."""


class Findings:
    """A list of findings. The same (code, where) is told once, with the first detail."""

    def __init__(self):
        self.found = []
        self._known = set()

    def add(self, code, where, detail):
        """`code` and `where` are the same in every verifier; `detail` is for people."""
        if (code, where) not in self._known:
            self._known.add((code, where))
            self.found.append({"code": code, "where": where, "detail": detail})


class Unreadable(Exception):
    """A bundle that can't be looked at at all."""

    def __init__(self, code, where, detail):
        super().__init__(detail)
        self.code, self.where, self.detail = code, where, detail
