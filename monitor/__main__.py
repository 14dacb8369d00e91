"""`python -m monitor …` is the same command as `fapiao-monitor …`."""

from monitor.cli import main

if __name__ == "__main__":
    main()
