"""The `frontdesk` command."""

from importlib import import_module

import click

# Where each command is, and what the list says of it: its own first sentence, kept here so that listing loads none.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": (
        "app.cli.serving:serve",
        "Start the server: migrate the database, then serve the widget, the console and the API.",
    ),
    "worker": ("app.cli.serving:worker", "Run jobs (answers, documents) in a process of their own."),
    "migrate": ("app.cli.serving:migrate", "Bring the database's tables up to date."),
    "seed": (
        "app.cli.serving:seed",
        "Make the demo organisation, which knows Frontdesk's own documentation.",
    ),
    "ingest": (
        "app.cli.knowing:ingest",
        "Add documents, from files, whole folders and websites, and index them now.",
    ),
    "search": (
        "app.cli.asking:search",
        "Show the passages that QUESTION finds, best first, with what speaks for each.",
    ),
    "ask": (
        "app.cli.asking:ask",
        "Ask QUESTION and stream the cited answer that a visitor would get.",
    ),
    "check": (
        "app.cli.golden:check",
        "Ask all golden questions again, and show what got better and what got worse.",
    ),
    "golden": (
        "app.cli.golden:golden",
        "Golden questions: what the assistant must get right.",
    ),
    "eval": (
        "app.cli.knowing:evaluate",
        "Measure retrieval on DIRECTORY: corpus.jsonl, queries.jsonl and qrels.tsv.",
    ),
    "reindex": (
        "app.cli.embedding:reindex",
        "Embed every passage anew by the model that the settings name, and switch to it when all is done.",
    ),
    "assistant": (
        "app.cli.assistant:assistant",
        "How the assistant is: its model, tone, languages, instructions and what it does not speak about.",
    ),
    "budget": (
        "app.cli.spending:budget",
        "Show what answers may cost and have cost, and set it.",
    ),
    "desk": (
        "app.cli.desk:desk",
        "When people are at the desk, and which conversations go to them by themselves.",
    ),
    "member": ("app.cli.members:member", "Members: who may sign in to the console."),
    "doctor": (
        "app.cli.checking:doctor",
        "Check settings, database, widget files and model endpoint, and say what to do.",
    ),
}


class LoadedWhenRun(click.Group):
    """Imports a command's module when that command is wanted: all of them together take seconds."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(
    cls=LoadedWhenRun,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(package_name="frontdesk", prog_name="frontdesk")
def main() -> None:
    """A website chatbot that answers from your own documents and brings in a person when one is needed.

    Start with `frontdesk serve`, or `make run` in a checkout.
    """
