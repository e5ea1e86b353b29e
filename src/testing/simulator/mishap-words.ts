import type { Mishap } from './event.ts';

/** Phrases that several sentences of a story use. */
export interface Phrases {
  /** A duration in words. @param ms milliseconds */
  readonly seconds: (ms: number) => string;
  readonly bare: (name: string) => string;
}

/**
 * Describes a fault of the host, a journal or a list, as the rest of a sentence that begins with "At 3 s".
 */
export function mishapWords(event: Exclude<Mishap, { kind: 'click' }>, { seconds, bare }: Phrases): string {
  switch (event.kind) {
    case 'hidden-zone': {
      const whose = event.of === 'panel' ? 'the panel' : `central ${event.of}`;
      return `a filter hides ${bare(event.zone)} from the list of ${whose} for ${seconds(event.lasts)}`;
    }
    case 'other-panel': {
      const { name, rdata } = event.keeps;
      const how = `${event.times} times, every ${seconds(event.every)}`;
      return `another panel keeps ${bare(name)} at ${rdata} at central ${event.central}: it looks ${how}`;
    }
    case 'odd-central': {
      const how = event.how === 'refuses' ? 'refuses every write' : 'keeps records in other words';
      return `central ${event.central} ${how} for ${seconds(event.lasts)}`;
    }
    case 'journal-trouble':
      return `the journal of central ${event.central} fails for ${seconds(event.lasts)}: ${event.fault}`;
    case 'power-cut': {
      const left = event.lands ? 'which is in the file then' : 'of which nothing is left';
      return `the power is to fail in commit ${event.commit} from now, ${left}; the agent starts ${seconds(event.back)} later`;
    }
    case 'journal-copied':
      return `somebody copies the journal of central ${event.central}`;
    case 'journal-put-back':
      return `the copy of the journal of central ${event.central} is put back while the agent is down`;
    case 'mode':
      return `the settings say mode ${event.mode} from now on`;
    case 'settings':
      return `the settings name central ${event.central} from now on`;
  }
}
