/** Puts values into the places of a sentence: `fill('{0} from {1}', 'Maya', 'Northwind')`. */
export function fill(words: string, ...values: (string | number)[]): string {
  return words.replace(/\{(\d)\}/g, (_, place: string) => String(values[Number(place)]));
}
