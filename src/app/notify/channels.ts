import type { NotifySettings } from '../../config/notify-options.ts';
import type { Channel } from './channel.ts';
import { mailText } from './mail.ts';
import { noticeText, noticeTitle, type Sender } from './notice.ts';
import { asService, runSendmail } from './sendmail.ts';
import { webhookChannel } from './webhook.ts';

/**
 * Makes the channels that the settings name; empty: the settings name nobody to notify.
 * @param isService whether systemd confines this process
 */
export function channelsOf(settings: NotifySettings, sender: Sender, isService: boolean): readonly Channel[] {
  const { webhook, mailTo } = settings;
  return [
    ...(webhook === null ? [] : [webhookChannel(new URL(webhook), settings, sender)]),
    ...(mailTo.length === 0 ? [] : [mailChannel(settings, sender, isService)]),
  ];
}

/** Makes a channel that sends notices as mail, with the mail program of this host. */
function mailChannel(settings: NotifySettings, sender: Sender, isService: boolean): Channel {
  const { mailTo, mailFrom, sendmail, language, deadline } = settings;
  return {
    name: 'mail',
    target: mailTo.join(', '),
    deliver: async (notice, signal) => {
      const envelope = { to: mailTo, from: mailFrom, id: notice.id, at: notice.at };
      const title = noticeTitle(notice, sender, language);
      const manager = isService ? asService(deadline) : null;
      const program = { path: sendmail, deadline, manager };
      await runSendmail(
        program,
        mailText(envelope, sender, title, noticeText(notice, sender, language)),
        signal,
      );
    },
  };
}
