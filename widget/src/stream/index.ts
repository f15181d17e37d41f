/** The client library. The widget uses all of it; the console its connection and drafts. */
export { type Client, openClient } from './client';
export { type Connection, type Hooks, type Link, connect } from './connection';
export { codePoints } from './drafts';
export { perFrame } from './frames';
export { Problem, call, reach } from './http';
export type { Pending } from './outbox';
export type { State } from './state';
export { now } from './timing';
export type { Attachment, Handoff, Message, Site, Source, Status } from './types';
export { uuid } from './uuid';
export { onWake } from './wake';
