"""The `frontdesk` command."""

import click

from app.cli.asking import ask, search
from app.cli.checking import doctor
from app.cli.knowing import evaluate, ingest
from app.cli.members import member
from app.cli.serving import migrate, seed, serve, worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="frontdesk", prog_name="frontdesk")
def main() -> None:
    """A website chatbot that answers from your own documents and brings in a person when one is needed.

    Start with `frontdesk serve`, or `make run` in a checkout.
    """


for command in (serve, worker, migrate, seed, ingest, search, ask, evaluate, member, doctor):
    main.add_command(command)
