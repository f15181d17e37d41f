/** Longer than a frame. Hidden pages have none, and a page may be hidden while one is awaited. */
const FRAMELESS_MS = 200;

/** Draws once a frame at most, however often it is asked for. */
export function perFrame(draw: () => void): () => void {
  let due = 0;
  const drawDue = (): void => {
    if (!due) return;
    clearTimeout(due);
    due = 0;
    draw();
  };
  return () => {
    if (due) return;
    due = window.setTimeout(drawDue, FRAMELESS_MS);
    requestAnimationFrame(drawDue);
  };
}
