import type { Attachment } from '../stream';
import { button, type Child, make, redraw, set } from './dom';
import { face } from './face';
import type { Row, SaidRow } from './rows';
import type { Desk } from './desk';
import { words } from './words';

type SimpleRow = Exclude<Row, { kind: 'answer' }>;

/** A row that is drawn anew whenever it is another: what people say, notices, and what is awaited. */
export function simple(desk: Desk): { element: HTMLElement; update: (row: SimpleRow) => void } {
  const element = make('div');
  return {
    element,
    update(row) {
      element.className = row.kind;
      redraw(element, row, () => children(row, desk, element));
    },
  };
}

function children(row: SimpleRow, desk: Desk, element: HTMLElement): Child[] {
  switch (row.kind) {
    case 'notice':
    case 'typing':
      return [make('span', {}, row.text)];
    case 'waiting':
      return [make('p', {}, row.form ? words.waitAway : words.waitHere), row.form && seldom(desk, 'ask')];
    default:
      set(element, { 'data-stuck': row.state === 'late' || row.state === 'refused' });
      return said(row, desk);
  }
}

function said({ kind, name, text, named, note, urge, attachments }: SaidRow, desk: Desk): Child[] {
  const mine = kind === 'me';
  return [
    !mine && named && make('div.who', {}, face(name!, true), make('span', {}, name)),
    // A direction of its own keeps the hidden name from deciding that of the text.
    text &&
      make(
        'div.bubble',
        { dir: 'auto' },
        make('span.sr', { dir: 'auto' }, `${mine ? words.you : name}: `),
        text,
      ),
    attachments?.[0] && seldom(desk, 'show', attachments),
    note && make('div.who', {}, note, urge && button('button', words.again, () => desk.resend())),
  ];
}

/** A place for what is fetched first: the name of a file until then. */
function seldom(desk: Desk, what: 'ask' | 'show', files?: Attachment[]): HTMLElement {
  const place = make('div', {}, files?.[0]?.name);
  desk.seldom(what, place, files);
  return place;
}
