/**
 * The whole environment of an agent that is started by another program. What the panel gave a hook is one
 * user's request, with secrets in it. What steers a Node.js (`NODE_OPTIONS`, `NODE_EXTRA_CA_CERTS`) or a
 * loader (`LD_PRELOAD`) is not for a process that lives long.
 */
export const agentEnvironment: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
};
