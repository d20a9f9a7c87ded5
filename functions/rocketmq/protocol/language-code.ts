/** Client languages by their binary code; the index is the code (Java: `LanguageCode`). */
export const languageNames = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const;

export type LanguageName = (typeof languageNames)[number];

/** `OTHER` is the one value known to every server; `NODE_JS` only from 5.3.2 on. */
export const LANGUAGE_OTHER = 7;
