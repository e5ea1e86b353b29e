import { journalContract } from '../testing/journal-contract.ts';
import { MemoryJournal } from './memory.ts';

journalContract('memory', () => Promise.resolve(new MemoryJournal()));
