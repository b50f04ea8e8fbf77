"""`python -m service` is the same as `floorline`."""

from __future__ import annotations

from service.cli.main import main

if __name__ == "__main__":
    main()
