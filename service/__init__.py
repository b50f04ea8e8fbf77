"""The composition root: settings, wiring, HTTP app, command line, scheduler, console, demo.

Flow: `settings` is the only reader of the environment, `wiring` builds every part once and connects them, `app` serves
the API and the console, `cli` is the command line, `demo` a shop with a good, a bad and a fixed release.
"""
