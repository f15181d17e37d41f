"""The Makefile is the table of contents: complete, explained, and told the same way in the documentation."""

import re

from tests.lint.project import files_of, read

TARGET = re.compile(r"^([a-z][a-z-]*):(?!=)(.*)$", re.MULTILINE)
MAKEFILE = read("Makefile")


def _targets() -> dict[str, str]:
    """Each target that a person may call, with what `make help` says of it."""
    return {name: rest.partition("## ")[2] for name, rest in TARGET.findall(MAKEFILE)}


def test_make_help_names_every_target() -> None:
    silent = [name for name, said in _targets().items() if not said]
    assert not silent, f"`make help` is how people find {silent}: write `## what it does` behind the target."


def test_every_target_is_phony() -> None:
    phony = " ".join(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE))
    missing = set(_targets()) - set(phony.split())
    assert not missing, f"A file of that name would keep {missing} from running: add them to .PHONY."


def test_every_target_is_documented() -> None:
    told = "\n".join(map(read, files_of(".md")))
    missing = [name for name in _targets() if not re.search(rf"\bmake {name}\b", told)]
    assert not missing, f"No document mentions `make {missing}`: say in CONTRIBUTING.md what it is for."


def test_documents_name_only_targets_that_exist() -> None:
    said = {
        (str(file), name)
        for file in files_of(".md", ".py", ".ts", ".html")
        for name in re.findall(r"(?:`|^|= )make ([a-z][a-z-]*)\b", read(file), re.MULTILINE)
    }
    wrong = {(file, name) for file, name in said if name not in _targets()}
    assert not wrong, f"There is no such target: {wrong}. Correct the text, or write the target."
