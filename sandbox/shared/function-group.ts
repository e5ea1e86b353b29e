import type { Params } from './params.ts';
import type { Element } from './xml.ts';

/** A group of functions for administrators that is not in the panel's own table of functions. */
export interface FunctionGroup {
  handles(func: string): boolean;
  run(func: string, params: Params, lang: string): Element | Promise<Element>;
}
