/** A random UUID. `crypto.randomUUID` is missing on plain http pages; the browser's name for an object is not. */
export function uuid(): string {
  const address = URL.createObjectURL(new Blob());
  URL.revokeObjectURL(address);
  return address.slice(-36);
}
