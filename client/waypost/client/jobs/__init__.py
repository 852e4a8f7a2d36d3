"""Jobs as callers see them: requests, a handle, and transfers that go on where they broke."""
