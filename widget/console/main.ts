/** The console's own code: what HTML and HTMX cannot say. Every part works without the others. */
import { wireAttach } from './attach';
import { wireComposer } from './composer';
import { follow } from './live';
import { wireMentions } from './mentions';
import { wireNotes } from './notes';
import { onPage, wirePage } from './page';
import { wirePresence } from './presence';
import { wireReading } from './reading';
import { wireShortcuts } from './shortcuts';
import { wireThread } from './thread';
import { wireTimes } from './times';
import { wireTyping } from './typing';
import { wireUpload } from './upload';

document.documentElement.dataset['scripted'] = '';
if (document.getElementById('desk')) {
  wirePage();
  wireTimes();
  wireThread();
  wireMentions();
  wireComposer();
  wireAttach();
  wireShortcuts();
  wireUpload();
  wireReading();
  wireTyping();
  wirePresence();
  wireNotes();
  onPage((desk) => follow(desk.dataset['conversation'] ?? null));
}
