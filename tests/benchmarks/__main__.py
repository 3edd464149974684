"""Print how much faster each kit is than its original, measured side by side in this run."""

from __future__ import annotations

from tests.benchmarks import local, routing, signing


def main() -> None:
    """Measure every kit and print a line per figure; a ratio above 1 is in our favour."""
    for module in (local, routing, signing):
        print(module.__name__.rpartition(".")[2])
        for name, ratio in module.measure():
            print(f"  {name:<50} {ratio:8.1f}")


if __name__ == "__main__":
    main()
