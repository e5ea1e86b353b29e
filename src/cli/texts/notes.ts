import { own } from '../../dns/own.ts';

/** The text of each note of a zone or record, short enough for a table. */
const notes: Readonly<Record<string, string>> = {
  'central.zone-failing':
    'the central has it and cannot read or serve it; at PowerDNS "pdnsutil check-zone ZONE" names the record',
  'journal.zone-damaged':
    'frozen: what the journal has of it is damaged, its edits are refused; "domainsync compare ZONE" takes a new baseline',
  'panel.garbled': 'the panel shows a record in it that cannot be read; the log names it (compare.later)',
  'panel.refused': 'the panel refuses to show it',
  'zone.copy': 'the central has it as a copy of another server (slave): ask the provider to make it primary',
  'note.beside-conflict': 'beside a value on which the two sides differ',
  'note.beside-excluded': 'beside an excluded record',
  'note.centrals-own': "the central's own affair",
  'note.changed-at-central': 'changed at the central by others',
  'note.central-only': 'was at the central only',
  'note.conflict': 'the two sides differ',
  'note.gone-from-panel':
    'gone from the panel; "domainsync push ZONE --delete" deletes it at the central too',
  'note.gone-signed':
    'gone from the panel, but signed (DNSSEC): have the DS at the registry removed, then "domainsync push ZONE --delete --despite-dnssec" deletes it',
  'note.kept-otherwise': 'the panel shows something else than the edit said; the central follows the panel',
  'note.left-deleting': 'the zone is being deleted at the central',
  'note.left-excluded': 'the zone is excluded by an administrator',
  'note.left-foreign': 'another account has the zone at the central',
  'note.left-no-right': 'the zone belongs to another account, so the panel decided',
  'note.left-observing': 'domainsync only observes',
  'note.observed-too-many': 'too many edits at the same time to judge them all',
  'note.left-out': 'further edits of this kind, not kept one by one',
  'note.left-owner-unknown': 'the owner of the zone was not known, so the panel decided',
  'note.left-panel-only': 'the zone is in the panel only',
  'note.left-pause': 'the synchronisation was paused',
  'note.late-write': 'put right after a write that landed late',
  'note.missing-at-central':
    'the central no longer has it, and domainsync did not delete it there: does another panel use this account?',
  'note.no-zone-yet': 'the zone is still being created at the central, with all that the panel holds then',
  'note.not-at-central': 'the central was not seen to have it; a comparison brings both sides together',
  'note.old-gone': 'the old value was gone from the central already',
  'note.other-writer':
    'others change records at the central again and again: does another panel use this account?',
  'note.panel-list-unreadable':
    'not found in the panel, whose list has a name that cannot be read: correct that name, nothing is deleted until then',
  'note.panel-only': 'was in the panel only',
  'note.signed-above':
    'in a signed (DNSSEC) zone that does not delegate it: add its NS records there, or "domainsync push ZONE --despite-dnssec" creates it nevertheless',
  'note.signers-own': 'made by whoever signs the zone',
  'note.excluded': 'excluded by an administrator',
};

/**
 * The text of a note. If a code has no text here (a refusal of the central), returns the code;
 * docs/messages.md explains it.
 */
export function noteText(note: string | null): string {
  return note === null ? '' : (own(notes, note) ?? note);
}
