"""The smallest Textual application that shows a row: what starting up cannot be quicker than."""

from textual.app import App, ComposeResult
from textual.widgets import Static

ROW = "the only row"


class MinimalApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static(ROW)


if __name__ == "__main__":
    MinimalApp().run(mouse=False)
