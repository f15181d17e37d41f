/** Longer than a frame. Hidden pages have none, and a page may be hidden while one is awaited. */
const FRAMELESS_MS = 200;

/** Draws once a frame at most, however often it is asked for. */
export function perFrame(draw: () => void): () => void {
  let due = false;
  const drawDue = (): void => {
    if (!due) return;
    due = false;
    draw();
  };
  return () => {
    if (due) return;
    due = true;
    setTimeout(drawDue, FRAMELESS_MS);
    requestAnimationFrame(drawDue);
  };
}
