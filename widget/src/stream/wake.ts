/** Calls back when the network or the page returns, and when the page is put to rest, for as long as it lives. */
export function onWake(wake: () => void, rest: () => void): void {
  addEventListener('online', wake);
  addEventListener('pageshow', wake);
  addEventListener('pagehide', rest);
  document.addEventListener('resume', wake);
  document.addEventListener('freeze', rest);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake();
  });
}
