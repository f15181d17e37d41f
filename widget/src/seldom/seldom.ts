/** What few visits need, fetched when one does: files, and the form for who finds nobody there. */
export { ask } from './contact';
export { pick, show } from './files';
