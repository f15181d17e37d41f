"""A web page's main text as markdown: navigation, banners and pictures go, headings, lists, tables and code stay."""

import re

from kreuzberg import ExtractionConfig, extract_bytes_sync
from lxml import etree, html

from ingest.parsed import ParseFailure
from ingest.readers.draft import Draft, single
from ingest.readers.office import cleaned

NEVER_TEXT = (
    "script", "style", "noscript", "template", "svg", "iframe", "object", "canvas", "audio", "video", "img",
    "picture", "input", "button", "select", "textarea", "dialog",
)  # fmt: skip
AROUND_TEXT = ("nav", "footer", "aside", "menu")
AROUND_ROLES = (
    "navigation",
    "banner",
    "contentinfo",
    "search",
    "complementary",
    "dialog",
    "alertdialog",
    "menu",
)
AROUND_NAME = re.compile(
    r"(?:^|[\s_-])(?:nav(?:bar|igation)?|menu|breadcrumbs?|sidebar|footer|cookie\S*|consent|skip\S*|share|social|"
    r"related|newsletter|subscribe|advert\S*|pagination|toc|edit-page|visually-hidden|sr-only|headerlink)(?:$|[\s_-])",
    re.IGNORECASE,
)
MAIN = (
    "//main", "//*[@role='main']", "//article", "//*[@itemprop='articleBody']",
    "//*[@id='content' or @id='main' or @id='main-content' or @id='bodyContent']",
)  # fmt: skip
# A part that claims to be the main one must hold this much of the page's text to be believed.
MAIN_SHARE = 0.25
LINKS_IN_A_MENU = 3
MENU_SHARE = 0.7
# Longer ones are a list of articles with their titles, which tells what there is.
LINK_CHARACTERS = 40
LANGUAGE = re.compile(r"^[a-z]{2}(?=$|[-_])", re.IGNORECASE)
DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
# Links go because answers cite sources and not their links, emphasis because quotes and search want the bare words.
INLINE = ("a", "b", "strong", "i", "em", "u", "span", "font", "mark", "small", "abbr", "ins", "label")
PREFORMATTED = {"pre", "textarea"}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
SPACE = re.compile(r"[ \t\r\n\f]+")
CONFIG = ExtractionConfig(
    use_cache=False,
    enable_quality_processing=False,
    output_format="markdown",
    html_options={"extract_metadata": False, "autolinks": False},
)


def read(source: str) -> Draft:
    page = tree(source)
    stated = page.findtext(".//title")
    return single(
        main_markdown(page),
        title=title_of(page, " ".join((stated or "").split())),
        language=stated_language(page),
    )


def markdown_of(source: str) -> str:
    """All of a fragment, a mail's body for one, where there is no boilerplate to take away."""
    page = tree(source)
    drop(page, NEVER_TEXT)
    return converted(page)


def tree(source: str) -> html.HtmlElement:
    try:
        return html.document_fromstring(DECLARATION.sub("", source), parser=html.HTMLParser(huge_tree=True))
    except (etree.ParserError, ValueError) as damage:
        raise ParseFailure("empty") from damage


def title_of(page: html.HtmlElement, stated: str) -> str | None:
    """`Returns | Acme Shop` is called Returns where the page's only first heading says so."""
    headings = [" ".join(heading.text_content().split()) for heading in page.iter("h1")]
    if len(headings) == 1 and headings[0] and (not stated or stated.startswith(headings[0])):
        return headings[0]
    return stated or None


def stated_language(page: html.HtmlElement) -> str | None:
    found = LANGUAGE.match(page.get("lang") or page.get("{http://www.w3.org/XML/1998/namespace}lang") or "")
    return found[0].lower() if found else None


def main_markdown(page: html.HtmlElement) -> str:
    drop(page, NEVER_TEXT)
    whole = converted(page)
    drop(page, AROUND_TEXT)
    drop_by_name(page)
    main = main_part(page)
    drop_menus(main)
    markdown = converted(main)
    # Where the rules left next to nothing, the page is of a kind that they don't know.
    return markdown if len(markdown) > len(whole) * 0.1 else whole


def drop(page: html.HtmlElement, tags: tuple[str, ...]) -> None:
    etree.strip_elements(page, etree.Comment, etree.ProcessingInstruction, *tags, with_tail=False)


def drop_by_name(page: html.HtmlElement) -> None:
    for element in list(page.iter(etree.Element)):
        if element.tag in ("html", "body", "main", "article") or element.getparent() is None:
            continue
        if is_around(element):
            element.drop_tree()


def is_around(element: html.HtmlElement) -> bool:
    if (
        element.get("role") in AROUND_ROLES
        or element.get("hidden") is not None
        or element.get("aria-hidden") == "true"
    ):
        return True
    if element.tag == "header":
        # A header within an article carries its title; the site's own carries its menu.
        return not any(parent.tag in ("article", "main") for parent in element.iterancestors())
    return bool(AROUND_NAME.search(f"{element.get('class', '')} {element.get('id', '')}"))


def main_part(page: html.HtmlElement) -> html.HtmlElement:
    enough = text_length(page) * MAIN_SHARE
    for path in MAIN:
        candidates = sorted(page.xpath(path), key=text_length, reverse=True)
        if candidates and text_length(candidates[0]) >= enough:
            return candidates[0]
    return page


def drop_menus(page: html.HtmlElement) -> None:
    """Lists and tables that are nearly all links lead elsewhere; what they say is said there."""
    for element in list(page.iter("ul", "ol", "table")):
        links = element.findall(".//a")
        linked = sum(text_length(link) for link in links)
        if len(links) >= LINKS_IN_A_MENU and linked >= MENU_SHARE * text_length(element) and short(links):
            element.drop_tree()


def short(links: list[html.HtmlElement]) -> bool:
    return sum(text_length(link) for link in links) / len(links) < LINK_CHARACTERS


def text_length(element: html.HtmlElement) -> int:
    return sum(len(text.strip()) for text in element.itertext())


def converted(page: html.HtmlElement) -> str:
    etree.strip_tags(page, *INLINE)
    fold_space(page)
    unwrap_layout(page)
    source = etree.tostring(page, encoding="unicode", method="html", with_tail=False)
    return cleaned(extract_bytes_sync(source.encode(), "text/html", CONFIG).content)


def fold_space(page: html.HtmlElement) -> None:
    """Line ends in the source are blanks on the screen, outside of code."""
    for element in page.iter():
        within = {element.tag, *(parent.tag for parent in element.iterancestors())} & PREFORMATTED
        if element.text and not within:
            element.text = folded(element.text)
        if element.tail and not within - {element.tag}:
            element.tail = folded(element.tail)


def folded(text: str) -> str:
    # The tree holds control characters that `&#1;` names, and takes none back.
    return CONTROL.sub("", SPACE.sub(" ", text))


def unwrap_layout(page: html.HtmlElement) -> None:
    """Tables that hold blocks, or one column, lay a page out: their cells are not table cells."""
    for layout in [table for table in page.iter("table") if lays_out(table)]:
        for part in list(layout.iter("table", "tbody", "thead", "tfoot", "tr", "td", "th")):
            if next(part.iterancestors("table"), layout) is layout or part is layout:
                part.tag = "div"


def lays_out(table: html.HtmlElement) -> bool:
    if any(len(row.xpath("./td|./th")) > 1 for row in table.iter("tr")):
        return table.find(".//table") is not None or table.get("role") == "presentation"
    return True
