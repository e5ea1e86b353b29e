import * as v from 'valibot';
import { notify, notifyValues, type NotifySettings } from '../config/notify-options.ts';

const unset = Object.fromEntries(Object.keys(notify.entries).map((option) => [option, '']));

/** The settings of notifications if the section `[notify]` is empty. */
export const notifyDefaults: NotifySettings = notifyValues(v.parse(notify, unset));
