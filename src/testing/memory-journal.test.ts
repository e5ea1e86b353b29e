import { journalContract } from './contracts/journal.ts';
import { MemoryJournal } from './memory-journal.ts';

journalContract('memory', () => Promise.resolve(new MemoryJournal()));
