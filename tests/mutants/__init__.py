"""The tests of the tests: change the package in small ways, and see whether a test notices."""
