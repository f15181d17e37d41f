/** What can be read on a colour like #00624b with a contrast of 4.5 at least: white or black. */
export function inkOn(accent: string): string {
  const [r, g, b] = [1, 3, 5].map(
    (at) => ((parseInt(accent.slice(at, at + 2), 16) / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b! > 0.179 ? '#000' : '#fff';
}
