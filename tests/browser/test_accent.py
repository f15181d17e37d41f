"""A site chooses any accent: what stands on it can be read."""

from playwright.async_api import Page

from tests.browser.product import Product

# For each colour: the contrast (WCAG 2) between the launcher's ground and the ink that its style sheet chose.
LEAST_CONTRAST = """colours => {
  const host = document.querySelector('frontdesk-widget');
  const launcher = getComputedStyle(host.shadowRoot.querySelector('button'));
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const luminance = colour => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = colour => {
    host.style.setProperty(host.style[0], colour);
    const [less, more] = [luminance(launcher.color), luminance(launcher.backgroundColor)].sort((a, b) => a - b);
    return [(more + 0.05) / (less + 0.05), colour];
  };
  return colours.map(contrast).sort(([a], [b]) => a - b)[0];
}"""


async def test_what_stands_on_an_accent_can_be_read_whatever_the_accent(page: Page, product: Product) -> None:
    await page.route(
        "**/accent",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<script src="{product.url}/widget.js" data-site="x" data-accent="#123456" async></script>',
        ),
    )
    await page.goto(f"{product.url}/accent")
    await page.get_by_role("button", name="Open chat").wait_for()
    # 15 steps a channel, with the greys between them: near the turn from white to black too.
    steps = [round(step * 255 / 14) for step in range(15)]
    colours = [f"#{r:02x}{g:02x}{b:02x}" for r in steps for g in steps for b in steps]
    greys = [f"#{part:02x}{part:02x}{part:02x}" for part in range(256)]
    least, accent = await page.evaluate(LEAST_CONTRAST, colours + greys)
    assert least >= 4.5, f"{accent} has a contrast of {least:.2f}"
