/** Calls back when the network or the page returns, for as long as the page lives. */
export function onWake(wake: () => void): void {
  addEventListener('online', wake);
  addEventListener('pageshow', wake);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) wake();
  });
}
