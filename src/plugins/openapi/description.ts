/** Text at the top of the document: rules that hold for all operations. */
export const description = `
Operations with a lock require an access token of the issuer in the header \`Authorization: Bearer\`.

- **Bound tokens** (RFC 9449) are sent as \`Authorization: DPoP\`, with a proof in the header \`DPoP\`, if the service accepts them.
- **Errors** have one shape. \`code\` is for programs, \`message\` for humans. 401 and 403 have the challenge of RFC 6750 in
  \`WWW-Authenticate\`.
- **Lists** come in pages. The \`Link\` header has the URL of the next page, and is absent on the last page.
- **Bodies** are JSON in UTF-8, at most 64 KiB. Unknown fields are rejected, and \`readOnly\` fields are ignored.
- **Every response** has an \`X-Request-Id\`, which is also in the log. The request may choose it.
- \`HEAD\` works where \`GET\` does, and a trailing slash changes nothing.
`.trim()
