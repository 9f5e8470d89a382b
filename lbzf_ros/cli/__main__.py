"""`python -m lbzf_ros.cli`."""

from lbzf_ros.cli import main

if __name__ == "__main__":
    main()
