import { STRINGS } from './strings';

/** What the panel says in English. The build puts another column of the table in this place for each language. */
export const words = Object.fromEntries(Object.entries(STRINGS).map(([key, column]) => [key, column[0]])) as {
  [key in keyof typeof STRINGS]: string;
};
