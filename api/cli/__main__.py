"""`python -m api.cli`: the `medvirkning` command without its script."""

from api.cli import main

if __name__ == "__main__":
    main()
