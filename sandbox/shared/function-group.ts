import type { Params } from './params.ts';
import type { Element } from './xml.ts';

/** Functions for administrators that are implemented outside the panel's own table. */
export interface FunctionGroup {
  handles(func: string): boolean;
  run(func: string, params: Params, lang: string): Element | Promise<Element>;
}
