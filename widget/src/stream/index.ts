/** The client library. The widget uses all of it; the console its connection and drafts. */
export { Client } from './client';
export { Connection, type Hooks, type Link } from './connection';
export { type Draft, addDelta, addProgress, codePoints } from './drafts';
export { Problem, call, reach } from './http';
export type { Pending } from './outbox';
export type { State } from './state';
export type { Delta, Event, Message, Progress, Site, Source, Status } from './types';
export { onWake } from './wake';
